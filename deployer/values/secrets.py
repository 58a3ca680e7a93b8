"""Secrets as sites.yaml names them: where each value comes from, never the value itself; pure.

The values stand in the file .env beside a docker-compose.yml on the server, and nowhere else.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from deployer.values import names
from deployer.values.quantities import shown
from deployer.values.repository import located


@dataclass(frozen=True, slots=True)
class Generated:
    """Made on the server once: so many random hexadecimal digits. It never leaves the server."""

    length: int = 32

    def __str__(self) -> str:
        return "generated on the server"


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """The caller's environment variable of this name, when applying."""

    name: str

    def __str__(self) -> str:
        return f"from the environment: {self.name}"


@dataclass(frozen=True, slots=True)
class FromFile:
    """What the caller's gpg decrypts from this file (absolute path) when applying."""

    path: str

    def __str__(self) -> str:
        return f"from {Path(self.path).name}, by gpg"


@dataclass(frozen=True, slots=True)
class FromAge:
    """What the caller's age decrypts from this file (absolute path) when applying."""

    path: str

    def __str__(self) -> str:
        return f"from {Path(self.path).name}, by age"


@dataclass(frozen=True, slots=True)
class FromCommand:
    """What a command of the caller's prints (its words) when applying, run in the folder of sites.yaml."""

    words: tuple[str, ...]
    folder: str

    def __str__(self) -> str:
        return f"from a command: {shlex.join(self.words)}"


@dataclass(frozen=True, slots=True)
class FromDotenv:
    """A value of the `.env` that came with a stack, as it was when that was read; its path as written."""

    path: str
    value: str = field(repr=False)

    def __str__(self) -> str:
        return f"from {self.path}"


@dataclass(frozen=True, slots=True)
class Given:
    """No secret: a value that stands in sites.yaml, for a compose file's ${NAME}."""

    value: str

    def __str__(self) -> str:
        return "from sites.yaml"


@dataclass(frozen=True, slots=True)
class Inherited:
    """The line that stands in another .env of the server (absolute path). It never leaves the server."""

    path: str

    def __str__(self) -> str:
        return f"as it is in {self.path}"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Was `Given` once, and has to go from where it stands."""

    def __str__(self) -> str:
        return "no longer in sites.yaml"


Secret = Generated | FromEnvironment | FromFile | FromAge | FromCommand | FromDotenv | Given


def secret(text: str, folder: Path | None) -> Secret:
    """What `generate`, `env:NAME`, `gpg:FILE`, `age:FILE` or `cmd:COMMAND` means; raises ValueError.

    With the folder of sites.yaml, a file becomes absolute and must be there.
    """
    how, _, what = text.partition(":")
    if text == "generate":
        return Generated()
    if re.fullmatch(r"generate:[1-9][0-9]{1,2}", text, re.ASCII):
        return Generated(int(what))
    if how == "env":
        return FromEnvironment(variable(what))
    if how == "gpg" and what:
        return FromFile(encrypted(names.one_line(what), folder))
    if how == "age" and what:
        return FromAge(encrypted(names.one_line(what), folder))
    if how == "cmd" and what.strip():
        return FromCommand(words(names.one_line(what)), str(folder or ""))
    raise ValueError(
        "expected generate, env:NAME or gpg:FILE, age:FILE, cmd:COMMAND: "
        "a secret itself does not belong in sites.yaml"
    )


def words(text: str) -> tuple[str, ...]:
    """The words of a command, as a shell splits them."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError("a quote is opened in this command and never closed") from error


def variable(name: str) -> str:
    """The name of a variable in the caller's environment."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name, re.ASCII):
        raise ValueError(f"{shown(name)} is not a name for an environment variable")
    return name


def encrypted(text: str, folder: Path | None) -> str:
    """The absolute path of a file that is there."""
    if folder is None:
        return text
    path = located(text, folder)
    if not path.is_file():
        raise ValueError(f"no such file: {path}")
    return str(path)
