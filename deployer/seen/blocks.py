"""What NGINX files say that a person wrote: their servers, and the ports that they lead to; pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

WORDS = re.compile(r"\"[^\"]*\"|'[^']*'|[{};]|[^\s{};]+")
LOCAL = re.compile(r"(?:https?://)?(?:127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0):(\d+)")
PASSED = re.compile(r"https?://([^/:]+)/?")
PHP = ("fastcgi_pass", "uwsgi_pass")


@dataclass(frozen=True, slots=True)
class Directive:
    """Its words, and the location that it stands in: empty outside of all."""

    location: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A server or an upstream, by its name, with its directives."""

    kind: str
    name: str
    directives: tuple[Directive, ...]

    def values(self, directive: str) -> list[str]:
        """The words after each of these directives."""
        return [word for each in self.directives if each.words[0] == directive for word in each.words[1:]]

    def ports(self, upstreams: Mapping[str, str]) -> dict[str, str]:
        """The ports of this machine to which it passes visitors on, by the location."""
        found: dict[str, str] = {}
        for each in self.directives:
            for word in each.words[1:] if each.words[0] == "proxy_pass" else ():
                local, named = LOCAL.match(word), PASSED.fullmatch(word)
                if port := local[1] if local else upstreams.get(named[1], "") if named else "":
                    found.setdefault(each.location, port)
        return found


def blocks(text: str) -> Iterator[Block]:
    """Each server and upstream of a file."""
    head: list[str] = []
    opened: list[str] = []  # what stands before each brace, from the server or upstream on
    found: list[Directive] = []
    for word in WORDS.findall(re.sub(r"(^|\s)#[^\n]*", r"\1", text)):
        if word == "{":
            if opened or head[:1] in (["server"], ["upstream"]):
                opened.append(head[-1] if head[:1] == ["location"] else " ".join(head))
            head = []
        elif word == "}" and opened:
            last = opened.pop()
            if not opened:
                kind, _, name = last.partition(" ")
                yield Block(kind, name, tuple(found))
                found = []
            head = []
        elif word in (";", "}"):
            if head and opened:
                found.append(Directive("".join(opened[1:2]), tuple(head)))
            head = []
        else:
            head.append(word.strip("\"'"))


def upstream_ports(every: Iterator[Block]) -> dict[str, str]:
    """The port of this machine behind each upstream that has one, by its name."""
    found: dict[str, str] = {}
    for block in every:
        for word in block.values("server") if block.kind == "upstream" else ():
            if local := LOCAL.match(word):
                found.setdefault(block.name, local[1])
    return found
