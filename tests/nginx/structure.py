"""A reader of NGINX text, of the tests' own: what NGINX would see, without what it means."""

from dataclasses import dataclass, field

SPACE = " \t\r\n"


@dataclass
class Directive:
    """Its words, the name first, and what stands in its block (None: it has none)."""

    words: list[str] = field(default_factory=list)
    block: "list[Directive] | None" = None

    @property
    def shape(self) -> tuple:
        """The name, the number of words, and the shapes inside: all that a value must not change."""
        inside = None if self.block is None else [directive.shape for directive in self.block]
        return (self.words[0], len(self.words), inside)


def parse(text: str) -> list[Directive]:
    """The directives of a file; AssertionError if it is not whole."""
    top: list[Directive] = []
    open_blocks, current = [top], Directive()
    for kind, word in tokens(text):
        if kind == "word":
            current.words.append(word)
        elif kind == "}":
            assert not current.words, f"no ; after {current.words}"
            open_blocks.pop()
            assert open_blocks, "one } too many"
        else:
            assert current.words, f"a {kind} without a directive"
            open_blocks[-1].append(current)
            if kind == "{":
                current.block = []
                open_blocks.append(current.block)
            current = Directive()
    assert len(open_blocks) == 1, "a { is not closed"
    assert not current.words, "the end is missing"
    return top


def tokens(text: str) -> list[tuple[str, str]]:
    """Words, and the marks ; { } in between."""
    found, at = [], 0
    while at < len(text):
        if text[at] in SPACE:
            at += 1
        elif text[at] == "#":
            at = text.find("\n", at) % (len(text) + 1)
        elif text[at] in ";{}":
            found.append((text[at], ""))
            at += 1
        else:
            word, at = quoted(text, at) if text[at] in "'\"" else plain(text, at)
            found.append(("word", word))
    return found


def quoted(text: str, start: int) -> tuple[str, int]:
    word, at = "", start + 1
    while text[at] != text[start]:
        at += text[at] == "\\"
        word += text[at]
        at += 1
    assert text[at + 1 : at + 2] in (*SPACE, ";", "{", ")", ""), "a word glued to a quoted one"
    return word, at + 1


def plain(text: str, start: int) -> tuple[str, int]:
    at = start
    while at < len(text) and text[at] not in SPACE + ";" and (text[at] != "{" or text[at - 1] == "$"):
        at += 2 if text[at] == "\\" else 1
    return text[start:at], at
