"""What has to be known of a server before what it shall have can be worked out; pure.

A part or a kind asks by what its module has: QUESTIONS, or `questions(config)` where sites.yaml decides.

    QUESTIONS = (Question("path", "/opt/old-wiki"),)

    def questions(config):
        return (Question("unit", f"{name}.service") for name in config.services)

`observe.sh` reads all of them on standard input, a line for each, and answers in its one round trip. The
facts have the answers, by the words that were asked. What a share wants is asked without that: its files,
units and packages.

    file PATH         Observation.files: the file as it is there
    path PATH         facts.missing has it, if nothing is there
    secrets PATH      Observation.secrets: the digests of what a .env says
    unit NAME         facts.units: "active enabled" and the like; facts.missing, if systemd knows none
    install PACKAGE   facts.additions: what apt would do besides; `NAME-` asks of its removal
"""

import re
from dataclasses import dataclass
from typing import Literal

from deployer.errors import DeployError

Kind = Literal["file", "path", "secrets", "unit", "install"]

PATH = r"/[^\x00-\x1f\x7f]*"
WORDS: dict[Kind, str] = {
    "file": PATH,
    "path": PATH,
    "secrets": PATH,
    "unit": r"[A-Za-z0-9][A-Za-z0-9:_.\\@-]*\.[a-z]+",
    "install": r"[a-z0-9][a-z0-9.+-]*",
}
"""What each question may be about: nothing that a line, a pattern of systemd or an option is made of."""


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
