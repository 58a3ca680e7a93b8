"""The variables of a compose file, put in as Docker Compose does: `$X`, `${X:-…}`, `-`, `:?`, `:+`, `$$`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deployer.values.quantities import shown

UNKNOWN = "\ufffc"  # stands for a value that only the server knows; no text that YAML lets in means it
NO_VALUE = "has no value"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BRACED = re.compile(rf"\{{(?P<name>{NAME.pattern})((?P<how>:?[-+?])(?P<other>.*))?\}}")
DEEPEST = 20

Values = Mapping[str, str | None]
"""What each variable stands for, None where only the server knows; which is then not empty."""


class Interpolated(str):
    """The text with its variables put in; `written` is as it stands in the file."""

    written: str

    def __new__(cls, text: str, written: str) -> "Interpolated":
        """The text that remembers how it was written."""
        made = super().__new__(cls, text)
        made.written = written
        return made


def written(text: object) -> str:
    """A value as it stands in the file, for a message."""
    return text.written if isinstance(text, Interpolated) else str(text)


@dataclass(slots=True)
class Interpolation:
    """One text with the values put in; `problems` are what Docker Compose would refuse or leave empty.

    `idle` is above zero in a part that does not count, such as a default of what has a value.
    """

    values: Values
    problems: list[str] = field(default_factory=list)
    idle: int = 0

    def of(self, text: str, depth: int = 0) -> str:
        """The text with its variables put in."""
        return "".join(self.pieces(text, depth)) if "$" in text else text

    def pieces(self, text: str, depth: int) -> Iterator[str]:
        position = 0
        while (found := text.find("$", position)) >= 0:
            yield text[position:found]
            following = text[found + 1 : found + 2]
            name = NAME.match(text, found + 1)
            position = found + 2
            if following == "$":
                yield "$"
            elif name:
                position = name.end()
                yield self.substituted(name[0], "", "", depth)
            elif braced := variable(text, found + 1):
                position = braced.end()
                yield self.braced(braced, depth)
            elif following == "{":
                position = len(text)
                self.refuse(text[found:])
            else:
                position = found + 1
                yield "$"
        yield text[position:]

    def braced(self, parts: re.Match[str], depth: int) -> str:
        """What a variable in braces stands for."""
        if depth > DEEPEST:
            self.refuse(f"${parts[0]}")
            return UNKNOWN
        return self.substituted(parts["name"], parts["how"] or "", parts["other"] or "", depth)

    def substituted(self, name: str, how: str, other: str, depth: int) -> str:
        """The value of a variable, or what stands for it; Compose looks at that in any case."""
        value = self.values.get(name)
        there = name in self.values and (not how.startswith(":") or value != "")
        chosen = how[-1:] == "+" if there else how[-1:] == "-"
        self.idle += not chosen
        text = self.of(other, depth + 1)
        self.idle -= not chosen
        if chosen or how.endswith("+"):
            return text if chosen else ""
        if there:
            return UNKNOWN if value is None else value
        if how or not self.idle:
            message = f"${{{name}}} {NO_VALUE}: declare it in sites.yaml, under secrets or environment"
            self.problems.append(message)
        return UNKNOWN

    def refuse(self, text: str) -> None:
        self.problems.append(f"{shown(text)} is no variable: write a $ that is meant as such twice, $$")


def variable(text: str, start: int) -> re.Match[str] | None:
    """The variable in braces that begins at `start`, all in one line, None where there is none.

    Docker Compose takes all up to the line's last brace, and less only when the braces are level before it.
    """
    longest = BRACED.match(text, start)
    end = level(longest[0]) if longest else 0
    return BRACED.match(text, start, start + end) if end else longest


def level(text: str) -> int:
    """The length of the part where as many braces end as begin, 0 without one; no `}` counts after a `{`."""
    depth, position = 0, 0
    while position < len(text):
        if text[position] == "{":
            depth, position = depth + 1, position + 2
            continue
        depth -= text[position] == "}"
        position += 1
        if not depth:
            return position
    return 0
