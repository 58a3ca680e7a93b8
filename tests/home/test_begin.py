"""What an archive says of itself, by whoever has made it: anyone who has the public key can."""

import io
import json
import tarfile
from typing import cast

import pytest

from deployer.errors import DeployError
from deployer.home.begin import begin_of
from deployer.home.plain import Plain
from deployer.home.reading import parsed

NAME = "srv/deploy/a.test/backup/begin.json"
DEEP = b"[" * 100_000


class Given(io.BytesIO):
    """A stream that was decrypted already."""

    def check(self) -> None:
        pass


def archive(text: bytes, name: str = NAME) -> Plain:
    stream = Given()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    stream.seek(0)
    return cast(Plain, stream)


def test_what_a_whole_one_says() -> None:
    said = {"name": "a.test", "kind": "compose", "time": "2026-11-30T23:00:00Z", "format": 1}
    begin = begin_of(archive(json.dumps(said).encode()))
    assert (begin.name, begin.kind) == ("a.test", "compose")


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"7", b"{}", b'{"name": 7}', b"\xff", b'{"name": ["a.test"]}', DEEP, b'{"a":' * 100_000],
    ids=["nothing", "list", "number", "empty", "no format", "no text", "odd", "deep", "deep too"],
)
def test_what_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(DeployError, match="no archive of a backup"):
        begin_of(archive(text))


@pytest.mark.parametrize(
    "text", [b"", b"7", b"[]", b"\xff", DEEP], ids=["nothing", "7", "list", "no text", "deep"]
)
def test_what_cannot_be_read_says_nothing(text: bytes) -> None:
    assert parsed((NAME, text)) == {}
