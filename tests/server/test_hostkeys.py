"""Which lines of the user's own known_hosts count for a server on another port than 22."""

from pathlib import Path

import paramiko
import pytest

from deployer.server.hostkeys import line_of, trust_only

ONE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
TWO = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+xBkKSLuDFQCCJYvP4fIfcVKi5JEdc6+LXdbJXwKUk"
HOST = "vps.example.org"


@pytest.mark.parametrize(
    ("lines", "port", "trusted"),
    [
        ([f"{HOST} {ONE}"], 22, ONE),
        ([f"{HOST} {ONE}"], 2222, ONE),
        ([f"{HOST} {ONE}", f"[{HOST}]:2222 {TWO}"], 2222, TWO),
        ([f"{HOST} {ONE}", f"[{HOST}]:2222 {TWO}"], 22, ONE),
        ([f"[{HOST}]:2222 {TWO}"], 22, ""),
        ([f"[{HOST}]:2222 {TWO}"], 2223, ""),
        ([f"other.example.org {ONE}"], 2222, ""),
    ],
)
def test_a_line_without_a_port_counts_where_none_has_it(
    lines: list[str], port: int, trusted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text("".join(f"{line}\n" for line in lines))
    monkeypatch.setenv("HOME", str(tmp_path))
    name = HOST if port == 22 else f"[{HOST}]:{port}"
    assert line_of(HOST, port, None) == (f"{name} {trusted}" if trusted else "")
    given = paramiko.SSHClient()
    trust_only(given, HOST, port, None, "\n".join(lines))
    own = paramiko.SSHClient()
    trust_only(own, HOST, port, None)
    for client in (given, own):
        known = client.get_host_keys().lookup(name) or client._system_host_keys.lookup(name) or {}
        assert [f"{kind} {key.get_base64()}" for kind, key in known.items()] == ([trusted] if trusted else [])
