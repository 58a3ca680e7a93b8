"""What a server was asked for a sites.yaml the last time: who runs the same again has the answers sooner.

It is kept below ~/.cache, and says nothing of the server. Where it is not what is asked now, or is not there,
that is asked as if nobody had been asked before.
"""

import os
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


def questions(path: Path, content: str) -> bytes | None:
    """The questions for this text of the file, if it was asked for the last time."""
    with suppress(OSError, RuntimeError):
        digest, _, asked = _file(path).read_bytes().partition(b"\n")
        return asked if digest == _digest(content) else None
    return None


def keep(path: Path, content: str, asked: bytes) -> None:
    """Keep these for the next time; where there is no room for them, there is none."""
    with suppress(OSError, RuntimeError):
        file = _file(path)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as new:
            try:
                new.write(_digest(content) + b"\n" + asked)
                new.close()
                os.replace(new.name, file)
            except OSError:
                os.unlink(new.name)


def _file(path: Path) -> Path:
    # RuntimeError: a user without a home
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "deploy/questions" / sha256(os.fsencode(path.absolute())).hexdigest()[:32]


def _digest(content: str) -> bytes:
    return sha256(content.encode()).hexdigest().encode()
