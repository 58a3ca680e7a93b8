"""What has to be known of a server before what it shall have can be worked out; pure.

A part or a kind asks by what its module has: QUESTIONS, or `questions(config)` where sites.yaml decides.

    QUESTIONS = (Question("path", "/opt/old-wiki"),)

    def questions(config):
        return (Question("unit", f"{name}.service") for name in config.services)

`observe.sh` reads all of them on standard input, a line for each, and answers in its one round trip. The
facts have the answers, by the words that were asked. What a share wants is asked without that: its files,
units and packages.

    file PATH                Observation.files: the file as it is there
    path PATH                facts.missing has it, if nothing is there
    paths PATTERN            facts.there: what is there; only `*` means anything
    secrets PATH             Observation.secrets: the digests of what a .env says
    setting KEY PATTERN      facts.settings: each line KEY = VALUE of these files, with the section it is in
    unit NAME                facts.units: "active enabled" and the like; facts.missing, if systemd knows none
    version NAME PACKAGE…    facts.versions, by NAME: that of the first of these packages that is installed;
                             `PACKAGE>=2` is none that is older
    install PACKAGE          facts.additions: what apt would do besides; `NAME-` asks of its removal
    look NAME                what no such question asks: look_NAME of NAME.look.sh beside the module
"""

import re
from dataclasses import dataclass
from typing import Literal

from deployer.errors import DeployError

Kind = Literal["file", "path", "paths", "secrets", "setting", "unit", "version", "install", "look"]

PATH = r"/[^\x00-\x1f\x7f]*"
PATTERN = r"/[^\x00-\x1f\x7f?\[\]\\]*"
PACKAGE = r"[a-z0-9][a-z0-9.+-]*"
WORDS: dict[Kind, str] = {
    "file": PATH,
    "path": PATH,
    "paths": PATTERN,
    "secrets": PATH,
    "setting": rf"[A-Za-z][A-Za-z0-9_.-]* {PATTERN}",
    "unit": r"[A-Za-z0-9][A-Za-z0-9:_.\\@-]*\.[a-z]+",
    "version": rf"[a-z][a-z0-9_-]*( {PACKAGE}(>=[0-9]+)?)+",
    "install": PACKAGE,
    "look": r"[a-z][a-z0-9_]*",
}
"""What each may be about: nothing that ends a line, or is more than a word to bash or systemd."""


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """One question to a server; its text is the line that observe.sh reads."""

    kind: Kind
    word: str

    def __post_init__(self) -> None:
        if not re.fullmatch(WORDS[self.kind], self.word):
            raise DeployError(f"{self.word!r} cannot be asked of a server as a {self.kind}")

    def __str__(self) -> str:
        return f"{self.kind} {self.word}"
