"""The public keys that count as one's own: also of a private key without a .pub beside it."""

import subprocess
from pathlib import Path

import pytest

from deployer.server.identities import public_keys


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_private_key_alone_tells_its_public_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    key = tmp_path / "key"
    bits = ["-b", "1024"] if kind == "rsa" else []  # a large one takes seconds
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-C", "me", "-f", key], check=True)
    public = key.with_name("key.pub")
    expected = " ".join(public.read_text().split()[:2])
    public.unlink()
    assert expected in public_keys(key)
    assert expected not in public_keys(None)


def test_what_cannot_be_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-C", "me", "-f", key], check=True)
    key.with_name("key.pub").unlink()
    before = public_keys(None)
    assert public_keys(key) == before
    assert public_keys(tmp_path / "nothing") == before
