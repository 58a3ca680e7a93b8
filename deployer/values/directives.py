"""What hand-written NGINX lines say: their directives, and the headers that NGINX would drop among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deployer.values.snippet import MARKS, line_of, nginx_snippet, tokens

TRY_FILES = (
    "outside of a location, try_files has no effect, because `location /` of the site decides; for pages "
    "that an application makes out of one file, write fallback: index.html beside nginx:"
)
FOLDERS = (
    "outside of a location, {0} has no effect, because `location /` of the site asks for the index.html of a "
    "folder; give the folder a location of its own, such as location /files/ {{ {0} {1}; }}"
)
LOCATION = (
    "the site has its own `location /`; what holds for all of it stands outside of a location, and a folder, "
    "such as /api/, can have a location of yours"
)


@dataclass(frozen=True)
class Directive:
    """Its words as they are written, where it begins and ends, and its block: 0 is the outermost."""

    words: tuple[str, ...]
    start: int
    end: int
    block: int


def directives(text: str) -> Iterator[Directive]:
    """Each directive, and the head of each block, of lines that `nginx_snippet` has let in."""
    words: list[str] = []
    begin, opened, blocks = 0, 0, [0]
    for token, start in tokens(text):
        if token == "}":
            blocks.pop()
        elif token in MARKS:
            yield Directive(tuple(words), begin, start + 1, blocks[-1])
            words = []
            if token == "{":
                opened += 1
                blocks.append(opened)
        else:
            begin = begin if words else start
            words.append(token)


def settings(text: str) -> frozenset[str]:
    """The names of the directives that hold for the whole site."""
    return frozenset(directive.words[0] for directive in directives(text) if directive.block == 0)


def keeping_headers(text: str, files: Sequence[str], added: Sequence[tuple[str, str]] = ()) -> str:
    """The lines, with these headers and files in each block that has an `add_header` of its own.

    NGINX leaves out all other headers there, which nobody expects.
    """
    last: dict[int, Directive] = {}
    included: dict[int, set[str]] = {}
    for directive in directives(text):
        if directive.block and directive.words[0] == "add_header":
            last[directive.block] = directive
            included.setdefault(directive.block, set()).add(directive.words[1].strip("\"'").lower())
        if directive.words[0] == "include":
            included.setdefault(directive.block, set()).update(word.strip("\"'") for word in directive.words)
    for block, directive in sorted(last.items(), key=lambda item: -item[1].end):
        there = included[block]
        missing = [f"add_header {name} {value} always;" for name, value in added if name.lower() not in there]
        missing += [f"include {file};" for file in files if file not in there]
        text = _after(text, directive, missing)
    return text


def site_lines(text: str) -> str:
    """A snippet of which each line has an effect beside what is rendered; ValueError says what has."""
    for directive in directives(nginx_snippet(text)):
        outside = directive.block == 0
        if outside and directive.words[0] == "try_files":
            raise ValueError(f"{line_of(text, directive.start)}: {TRY_FILES}")
        name, *values = directive.words
        if outside and (
            (name == "index" and "index.html" not in values) or (name, *values) == ("autoindex", "on")
        ):
            raise ValueError(f"{line_of(text, directive.start)}: {FOLDERS.format(name, ' '.join(values))}")
        if outside and directive.words == ("location", "/"):
            raise ValueError(f"{line_of(text, directive.start)}: {LOCATION}")
    return text


def _after(text: str, directive: Directive, lines: Sequence[str]) -> str:
    """The text with the lines behind a directive: below it if it stands alone in its line."""
    before = text[text.rfind("\n", 0, directive.start) + 1 : directive.start]
    rest = text[directive.end :].partition("\n")[0]
    between = " " if before.strip() or rest.strip() else "\n" + before
    return text[: directive.end] + "".join(between + line for line in lines) + text[directive.end :]
