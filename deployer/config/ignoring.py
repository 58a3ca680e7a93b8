"""What .gitignore and .dockerignore leave out of a folder."""

import re
from dataclasses import dataclass
from pathlib import Path

NEVER = frozenset({".git", ".hg", ".svn"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what it matches, whether it takes back what was left out, whether only folders are meant."""

    pattern: re.Pattern[str]
    back: bool
    folders: bool


Rules = tuple[Rule, ...]


def of_git(folder: Path, top: str = "") -> Rules:
    """The rules of the .gitignore in one folder, for paths that begin with `top`."""
    return tuple(git_rule(line, top) for line in lines(folder / ".gitignore"))


def around(folder: Path, top: str) -> Rules:
    """The rules of all folders around `top`, which is below the folder; paths begin in the folder itself."""
    parts = [] if top == "." else top.split("/")
    inside = ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts))]
    return (*above(folder), *(rule for prefix in inside for rule in of_git(folder / prefix, prefix)))


def above(folder: Path) -> Rules:
    """The rules of the folders above one, up to its repository; paths begin in the folder itself."""
    found: Rules = ()
    inside = folder
    while not (inside / ".git").exists():
        if inside.parent == inside:
            return ()  # no repository, so those lines are for nobody
        inside = inside.parent
        below = "".join(f"{part}/" for part in folder.relative_to(inside).parts)
        found = tuple(git_rule(line, "", below) for line in lines(inside / ".gitignore")) + found
    return found


def git_rule(line: str, top: str, below: str = "") -> Rule:
    """One line of a .gitignore; a slash in the middle ties it to its folder."""
    text = line.removeprefix("!").rstrip("/")
    anchored = "/" in text
    text = text.removeprefix("/")
    if anchored and below:  # a rule from above: what of it is in this folder
        text = text.removeprefix(below) if text.startswith(below) else text if text.startswith("**/") else ""
    start = re.escape(top) + ("" if anchored else "(?:.*/)?")
    return Rule(re.compile(start + expression(text)), line.startswith("!"), line.endswith("/"))


def of_docker(context: Path, dockerfile: str) -> Rules:
    """The rules for a build: every line begins at the context."""
    own = context / f"{dockerfile}.dockerignore"
    found = lines(own) if own.is_file() else lines(context / ".dockerignore")
    return tuple(
        Rule(
            re.compile(expression(line.removeprefix("!").strip("/").removeprefix("./"))),
            line.startswith("!"),
            False,
        )
        for line in found
    )


def lines(file: Path) -> list[str]:
    """The lines of such a file that say something; none where there is no file."""
    try:
        text = file.read_text(errors="replace")
    except OSError:
        return []
    return [line for each in text.splitlines() if (line := each.strip()) and not line.startswith("#")]


def expression(glob: str) -> str:
    """The regular expression of a pattern with `*`, `?`, `[…]` and `**`."""
    parts = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.findall(r"\*\*/|/\*\*|\*\*|\*|\?|\[!?\]?[^\]]*\]|\\.|.", glob)
    made = ""
    for piece in pieces:
        if piece in parts:
            made += parts[piece]
        elif len(piece) > 1 and piece[0] == "[":
            inner = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            made += f"[{'^' + inner[1:] if inner[:1] == '!' else inner}]"
        else:
            made += re.escape(piece[-1])
    return made


def ignored(path: str, folder: bool, rules: Rules) -> bool:
    """Whether the last line that speaks of a path leaves it out."""
    out = False
    for rule in rules:
        if out == rule.back and (folder or not rule.folders) and rule.pattern.fullmatch(path):
            out = not rule.back
    return out


def ignored_by_docker(path: str, rules: Rules) -> bool:
    """Whether the last line that speaks of a path, or of a folder around it, leaves it out."""
    out = False
    around = [path, *(path[: found.start()] for found in re.finditer("/", path))]
    for rule in rules:
        if out == rule.back and any(rule.pattern.fullmatch(each) for each in around):
            out = not rule.back
    return out
