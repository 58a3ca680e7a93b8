"""The `.env` that comes with a stack, as Docker Compose reads it; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployer.composefile.interpolation import Interpolation
from deployer.errors import Problem
from deployer.values.attachments import LocalFile
from deployer.values.quantities import shown
from deployer.values.service_names import project, secret_name

ENTRY = re.compile(
    r"[ \t]*(?:export[ \t]+)?(?P<name>[^\s=:#'\"]+)[ \t]*(?:[=:][ \t]*(?P<value>"
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\r\n]*))?[^\n]*(?:\n|$)",
    re.DOTALL,
)
IDLE = re.compile(r"[ \t\r]*(#[^\n]*)?(?:\n|$)")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "$": "$$"}
FOR_COMPOSE = frozenset({"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"})
"""What Docker Compose itself takes from it, and we do by keys of sites.yaml."""


@dataclass(frozen=True, slots=True)
class Dotenv:
    """The values of a file, by name; what is for Docker Compose itself; and what is wrong."""

    values: tuple[tuple[str, str], ...] = ()
    for_compose: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()

    def says(self, name: str) -> str:
        """What it says to Docker Compose itself."""
        return dict(self.for_compose).get(name, "")


def dotenv(file: LocalFile) -> Dotenv:
    """All that a file gives; of a name that is there twice, the last counts. No message has a value in it."""
    found: dict[str, str] = {}
    for_compose: dict[str, str] = {}
    problems: list[Problem] = []
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Dotenv(problems=(Problem(file.path, 1, 1, "this is not UTF-8 text"),))
    for line, name, raw in entries(text):
        try:
            if name not in FOR_COMPOSE:
                secret_name(name)
            if raw is None:
                raise ValueError(f"{shown(name)} has no value: write one, or leave the line out")
            value = value_of(raw, found)
            if name == "COMPOSE_PROJECT_NAME" and value:
                project(value)
        except ValueError as error:
            problems.append(Problem(file.path, line, 1, str(error)))
            continue
        (for_compose if name in FOR_COMPOSE else found)[name] = value
    return Dotenv(tuple(found.items()), tuple(for_compose.items()), tuple(problems))


def entries(text: str) -> Iterator[tuple[int, str, str | None]]:
    """Each line that is none of a comment, with its name and its value as it is written."""
    position = 0
    while position < len(text):
        line = text.count("\n", 0, position) + 1
        if idle := IDLE.match(text, position):
            position = max(idle.end(), position + 1)
        elif entry := ENTRY.match(text, position):
            position = entry.end()
            yield line, entry["name"], entry["value"]
        else:
            end = text.find("\n", position)
            yield line, text[position : end if end >= 0 else None].strip()[:20], None
            position = end + 1 if end >= 0 else len(text)


def value_of(raw: str, before: dict[str, str]) -> str:
    """What a value stands for; raises ValueError."""
    if len(raw) > 1 and raw[0] == raw[-1] == "'":
        return raw[1:-1].replace("\\'", "'")
    if raw[:1] in ("'", '"') and (len(raw) < 2 or raw[-1] != raw[0]):
        raise ValueError("a quote is opened here and never closed")
    quoted = raw[:1] == '"'
    text = raw[1:-1] if quoted else re.split(r"[ \t]#", raw, maxsplit=1)[0].strip()
    if quoted:
        text = re.sub(r"\\([nrt\"\\$])", lambda found: ESCAPES.get(found[1], found[1]), text)
    if "\0" in text:
        raise ValueError("the value has a NUL in it")
    interpolation = Interpolation({**before})
    value = interpolation.of(text)
    if interpolation.problems:
        raise ValueError("the value names a variable that no line before sets: write $$, or quote it ('…')")
    return value
