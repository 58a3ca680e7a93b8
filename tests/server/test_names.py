"""Of two functions of one name, only the last counts: what a program sources shares one space of names."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import deployer.server

INSTALLED = Path(deployer.server.__file__).parent / "installed"
SOURCED = re.compile(r'source "\$INSTALLED/(lib/[\w/-]+)"')
FUNCTION = re.compile(r"^(\w+)\(\) [({]", re.MULTILINE)
PROGRAMS = [path for path in sorted((INSTALLED / "bin").iterdir()) if b"bash" in path.read_bytes()[:20]]


def parts(path: Path, known: set[Path]) -> Iterator[Path]:
    """What a script sources, and what that does."""
    for name in SOURCED.findall(path.read_text()):
        part = INSTALLED / name
        if part.is_file() and part not in known:
            known.add(part)
            yield part
            yield from parts(part, known)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_no_two_parts_of_a_program_call_something_alike(program: Path) -> None:
    """A program itself may have its own of what a part has."""
    names = Counter(
        name for part in parts(program, set()) for name in set(FUNCTION.findall(part.read_text()))
    )
    assert {name: count for name, count in names.items() if count > 1} == {}


def test_parts_are_found() -> None:
    push = next(path for path in PROGRAMS if path.name == "compose-push")
    assert INSTALLED / "lib/composition/lost" in set(parts(push, set()))
