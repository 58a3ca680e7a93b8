"""A file that comes to a server in pieces: it has its place when all of it is there and proved."""

import hashlib
import subprocess
from pathlib import Path

import pytest

import deployer
from chance import noise

SENDING = (Path(deployer.__file__).parent / "server/sent/sending.sh").read_text()
PLACE = "/var/lib/deploy/sent"
CONTENT = noise(100_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    assert SENDING.count(PLACE) == 1
    return tmp_path / "sent"


def call(sent: Path, *words: str, content: bytes = b"", code: int = 0) -> str:
    done = subprocess.run(
        ["bash", "-c", SENDING.replace(PLACE, str(sent)), "deploy", *words],
        input=content,
        capture_output=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return (done.stdout + done.stderr).decode()


def test_what_was_cut_off_is_gone_on_with(sent: Path) -> None:
    assert call(sent, "have", DIGEST) == ""
    said = call(sent, "take", DIGEST, "0", "100000", content=CONTENT[:60_000], code=1)
    assert said == "✗ 0 of 0 MB have come: the next apply goes on from there\n"
    assert call(sent, "have", DIGEST) == f"60000 {hashlib.sha256(CONTENT[:60_000]).hexdigest()}\n"
    call(sent, "take", DIGEST, "60000", "100000", content=CONTENT[60_000:])
    assert (sent / DIGEST).read_bytes() == CONTENT
    assert (sent / DIGEST).stat().st_mode & 0o77 == 0
    assert call(sent, "have", DIGEST) == ""


def test_what_is_not_the_beginning_of_it_gives_way(sent: Path) -> None:
    sent.mkdir()
    (sent / f"{DIGEST}.part").write_bytes(bytes(200_000))
    call(sent, "take", DIGEST, "0", "100000", content=CONTENT)
    assert (sent / DIGEST).read_bytes() == CONTENT


def test_another_file_does_not_stay(sent: Path) -> None:
    said = call(sent, "take", DIGEST, "0", "100000", content=bytes(100_000), code=1)
    assert said.startswith("✗ what has come is another file: its SHA-256 is ")
    assert [path.name for path in sent.iterdir()] == ["lock"]
