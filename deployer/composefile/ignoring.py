"""What .gitignore and .dockerignore leave out of a folder."""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

NEVER = frozenset({".git", ".hg", ".svn"})


NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what it matches, whether it takes back what was left out, whether only folders are meant.

    `above` stands before each path: that of the folder where paths begin, in the folder of the line.
    """

    pattern: re.Pattern[str]
    back: bool
    folders: bool
    above: str = ""

    def speaks_of(self, path: str, folder: bool) -> bool:
        """Whether it matches a path."""
        return (folder or not self.folders) and bool(self.pattern.fullmatch(self.above + path))


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
        found = tuple(git_rule(line, above=below) for line in lines(inside / ".gitignore")) + found
    return found


def git_rule(line: str, top: str = "", above: str = "") -> Rule:
    """One line of a .gitignore; a slash in the middle ties it to its folder."""
    text = line.removeprefix("!").rstrip("/")
    start = re.escape(top) + ("" if "/" in text else "(?:.*/)?")
    pattern = compiled(text.removeprefix("/"), start)
    return Rule(pattern, line.startswith("!"), line.endswith("/"), above)


def of_docker(context: Path, dockerfile: str) -> Rules:
    """The rules for a build: every line begins at the context."""
    own = context / f"{dockerfile}.dockerignore"
    found = lines(own) if own.is_file() else lines(context / ".dockerignore")
    return tuple(docker_rule(line) for line in found)


def docker_rule(line: str) -> Rule:
    """One line of a .dockerignore, whose path may be written in any way."""
    path = posixpath.normpath(line.removeprefix("!").strip()).lstrip("/")
    return Rule(compiled(path), line.startswith("!"), False)


def lines(file: Path) -> list[str]:
    """The lines of such a file that say something; none where there is no file."""
    try:
        text = file.read_text("utf-8-sig", errors="replace")
    except OSError:
        return []
    return [line for each in text.splitlines() if (line := each.strip()) and not line.startswith("#")]


def compiled(glob: str, start: str = "", end: str = "") -> re.Pattern[str]:
    """A pattern between two regular expressions; one that is none, such as `[z-a]`, matches nothing."""
    try:
        return re.compile(start + expression(glob) + end)
    except re.error:
        return NOTHING


def expression(glob: str) -> str:
    """The regular expression of a pattern with `*`, `?`, `[…]` and `**`."""
    parts = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.findall(r"/\*\*/|\*\*/|/\*\*|\*\*|\*|\?|\[!?\]?[^\]]*\]|\\.|.", glob)
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
        if out == rule.back and rule.speaks_of(path, folder):
            out = not rule.back
    return out


def ignored_by_docker(path: str, rules: Rules) -> bool:
    """Whether the last line that speaks of a path, or of a folder around it, leaves it out."""
    out = False
    around = [path, *(path[: found.start()] for found in re.finditer("/", path))]
    for rule in rules:
        if out == rule.back and any(rule.speaks_of(each, folder=True) for each in around):
            out = not rule.back
    return out
