"""Lists that all share, with lines of single names: those of what stays as it is stay, too; pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from deployer.files import File
from deployer.parts import drift, shared_lines
from deployer.planning.desired import Desired
from deployer.planning.renames import entries
from deployer.seen.observation import Observation

Lines = Mapping[str, re.Match[str]]


def with_lines_of_others(desired: Desired, seen: Observation, stays: Collection[str]) -> Desired:
    """The same, but of the names that stay as they are each list has what it has on the server.

    A list that is not there yet gets what is wanted of those that are.
    """
    known = {*entries(seen.written)}
    files, keys = {}, {}
    for path, pattern in shared_lines().items():
        if path not in desired.files:
            continue
        wanted, there = desired.files[path], seen.files.get(path)
        new = _lines(pattern, wanted)
        old = (
            _lines(pattern, there)
            if isinstance(there, File)
            else {key: line for key, line in new.items() if line["name"] in known}
        )
        files[path] = _written(pattern, wanted, _merged(new, old, stays))
        keys[path] = _lines(pattern, files[path]).keys()
    others = [path for path, file in files.items() if file != desired.files[path]]
    told = {path: drift(path, keys[path], seen.facts) for path in others}
    same = {path: what for path, what in desired.drift.items() if path not in told}
    found = {path: what for path, what in told.items() if what}
    return replace(desired, files=desired.files | files, drift=same | found)


def _merged(new: Lines, old: Lines, stays: Collection[str]) -> Lines:
    left = {key for key, line in new.items() if line["name"] in stays}
    wanted = {key: line for key, line in new.items() if key not in left}
    kept = {
        key: line for key, line in old.items() if key in left or (line["name"] in stays and key not in new)
    }
    return {**wanted, **kept}


def _written(pattern: re.Pattern[str], wanted: File, lines: Lines) -> File:
    head = [line for line in wanted.content.decode().splitlines() if not pattern.fullmatch(line)]
    text = "\n".join([*head, *(line[0] for line in sorted(lines.values(), key=_order))])
    return replace(wanted, content=f"{text}\n".encode())


def _lines(pattern: re.Pattern[str], file: File) -> Lines:
    lines = file.content.decode(errors="replace").splitlines()
    return {found["key"]: found for line in lines if (found := pattern.fullmatch(line))}


def _order(line: re.Match[str]) -> tuple[int, str, str]:
    """By number where it is of a port."""
    number = re.match(r"\d+(?=[/:])", line["key"])
    return int(number[0]) if number else 0, line["key"], line["name"]
