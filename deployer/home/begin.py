"""What an archive says of itself in its first member."""

import json
import tarfile
from dataclasses import dataclass
from typing import IO, Any, cast

from deployer.errors import DeployError
from deployer.home.plain import Plain, Remembering

FORMAT = 1
LARGEST = 1 << 20  # bytes of a begin.json


@dataclass(frozen=True, slots=True)
class Begin:
    """Of what the archive is; `text` is all that it says, `read` the part of the stream that it was in."""

    name: str
    kind: str
    time: str
    text: bytes
    read: bytes


def begin_of(plain: Plain) -> Begin:
    """The beginning of an archive; raises DeployError where it is none, or of a format that is not known."""
    stream = Remembering(plain)
    try:
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|") as tar:
            first = tar.next()
            content = tar.extractfile(first) if first and first.size <= LARGEST else None
            text = content.read() if content else b""
        values = json.loads(text)
        return _understood(values, text, stream.seen) if _is_begin(first, values) else _refused()
    except (tarfile.TarError, ValueError, KeyError, TypeError, EOFError, RecursionError):
        if not stream.seen:
            plain.check()
        return _refused()


def _is_begin(first: tarfile.TarInfo | None, values: Any) -> bool:
    return first is not None and first.name == f"srv/deploy/{values['name']}/backup/begin.json"


def _understood(values: dict[str, Any], text: bytes, read: bytes) -> Begin:
    if values["format"] != FORMAT:
        raise DeployError(
            f"the archive has format {values['format']}, and this deploy knows {FORMAT}",
            "Restore it with the version of deploy that made it, or a newer one",
        )
    return Begin(values["name"], values["kind"], values["time"], text, read)


def _refused() -> Begin:
    raise DeployError("it is no archive of a backup: it does not begin like one")
