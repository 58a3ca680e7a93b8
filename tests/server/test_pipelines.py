"""What reads from another program reads all of it: one that is cut off fails, and with it all of the line.

`set -o pipefail` takes a writer whom SIGPIPE ended for one that failed. Whether it is ended depends on how
much it says, and on who is faster.
"""

import re
from pathlib import Path

import pytest

import deployer

HOME = Path(deployer.__file__).parent
SCRIPTS = sorted(
    path
    for folder in ("server", "parts", "kinds")
    for path in (HOME / folder).rglob("*")
    if path.is_file() and path.suffix in {"", ".sh"}
)
ENDS_EARLY = re.compile(r"\|\s*(?:LC_ALL=C )?(?:head -(?!c)|grep (?:-\S+ )*-[A-Za-z]*[qm]|sed '?[0-9]*q)")
AWK = re.compile(r"\|\s*(?:LC_ALL=C )?awk\b[^'\n]*'([^']*)'")
NO_MATTER = ("|| :", "|| grep", "set +o pipefail", "< <(")
"""Where the line says that it is none, or where nobody asks."""


def endings(text: str) -> list[str]:
    """The places where a program that reads from another one ends before that."""
    found = [match.start() for match in ENDS_EARLY.finditer(text) if text[match.start() - 1] != "|"]
    for match in AWK.finditer(text):
        before_end = re.sub(r"\bEND *\{.*", "", match[1], flags=re.DOTALL)
        if text[match.start() - 1] != "|" and re.search(r"\bexit\b", before_end):
            found.append(match.start())
    lines = (text[text.rfind("\n", 0, at) + 1 : text.find("\n", at)] for at in found)
    return [line for line in lines if not any(words in line for words in NO_MATTER)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(HOME)))
def test_who_reads_from_a_program_reads_to_the_end(path: Path) -> None:
    assert not endings(path.read_text())


@pytest.mark.parametrize(
    "line",
    [
        "x=$(docker ps | head -n 1)\n",
        "cat * | grep -q x\n",
        "cat * | grep -F -m 1 x\n",
        "sort | sed 3q\n",
        "cat * | awk '\n    $1 == 1 { exit }\n    END { exit !found }'\n",
    ],
)
def test_who_does_not_is_found(line: str) -> None:
    assert endings(line)
    assert not endings(f"{line} || :".replace("\n", " ") + "\n")
