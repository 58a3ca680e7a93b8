"""Keys added to sites.yaml and taken out of it as text, comments stay; the caller proves the result."""

import re

from deployer.config.keys import RestrictedKey

SECTION = re.compile(r"^keys:[ \t]*(#.*)?$")


def entry(name: str, key: RestrictedKey, indent: str = "  ") -> list[str]:
    """The lines of a key, below `keys:`."""
    can = [f"{what}: [{', '.join(sites)}]" for what, sites in key.lists.items() if sites]
    can = ["pull_backups: true"] if key.pull_backups else can
    return [f"{indent}{name}:", *(f"{indent * 2}{line}" for line in (f"public: {key.public}", *can))]


def with_key(text: str, name: str, key: RestrictedKey) -> str:
    """The text with one more key, at the end of `keys:`, which is made where there is none."""
    lines = text.splitlines()
    start, end = block(lines)
    if start is None:
        gap = [""] if lines and lines[-1].strip() else []
        return joined([*lines, *gap, "keys:", *entry(name, key)])
    first = next(
        (line for line in lines[start:end] if line.strip() and not line.lstrip().startswith("#")), "  "
    )
    indent = first[: len(first) - len(first.lstrip())] or "  "
    return joined([*lines[:end], *entry(name, key, indent), *lines[end:]])


def without_key(text: str, name: str) -> str:
    """The text without this key; and without `keys:` when it was the last one."""
    lines = text.splitlines()
    start, end = block(lines)
    if start is None:
        return text
    own = next((n for n in range(start, end) if re.match(rf"^[ \t]+{re.escape(name)}:", lines[n])), None)
    if own is None:
        return text
    depth = indentation(lines[own])
    after = (n for n in range(own + 1, end) if lines[n].strip() and indentation(lines[n]) <= depth)
    following = next(after, end)
    kept = lines[start:own] + lines[following:end]
    heading = (
        [] if all(not line.strip() or line.lstrip().startswith("#") for line in kept) else lines[:start][-1:]
    )
    return joined([*lines[: start - 1], *heading, *kept, *lines[end:]])


def block(lines: list[str]) -> tuple[int | None, int]:
    """Where the lines below `keys:` begin and end; None where it is not written as a block."""
    for number, line in enumerate(lines):
        if SECTION.match(line):
            end = start = number + 1
            for inside in range(start, len(lines)):
                if lines[inside].strip() and not lines[inside][0].isspace():
                    break
                end = inside + 1 if lines[inside].strip() else end
            return start, end
    return None, len(lines)


def indentation(line: str) -> int:
    """How far a line is indented."""
    return len(line) - len(line.lstrip())


def joined(lines: list[str]) -> str:
    """The lines as a text."""
    return "\n".join(lines) + "\n"
