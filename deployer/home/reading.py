"""Reads an archive from the first to the last byte, and says whether a restore would find all in it."""

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from deployer.backups.archives import Archive
from deployer.backups.copies import Contents
from deployer.errors import DeployError
from deployer.home.begin import FORMAT
from deployer.home.decryption import opened
from deployer.home.held import Held
from deployer.home.listing import listed
from deployer.home.plain import Plain
from deployer.waiting import waiting


def read(path: Path, archive: Archive, digest: str = "") -> Contents:
    """Decrypt, decompress and read every member; raises DeployError where anything is not as it must be."""
    begun = time.monotonic()
    with opened(path, digest) as stream:
        count, size, first, last, held = members(stream)
    begin = own(first, f"srv/deploy/{archive.name}/backup/begin.json")
    end = own(last, f"srv/deploy/{archive.name}/backup/end.json")
    if begin.get("name") != archive.name or begin.get("format") != FORMAT:
        raise DeployError(f"it is an archive of {begin.get('name')}, format {begin.get('format')}")
    complete(end, count)
    warnings = (*map(str, end.get("warnings", ())), *held.compare(end))
    tables = end.get("tables")
    compared = tables if isinstance(tables, int) else None
    return Contents(count - 1, size, round(time.monotonic() - begun, 1), warnings, compared)


Member = tuple[str, bytes] | None


def members(stream: Plain) -> tuple[int, int, Member, Member, Held]:
    """How many members and bytes a tar stream has, its first and its last member, and what it holds."""
    count, first, last, held = 0, "", "", Held({})
    with ExitStack() as stack:
        listing = stack.enter_context(listed(stream))
        for names in listing:
            if not count:
                first = names[0]
                # not before: until then gpg may ask for a passphrase on this terminal
                wait = stack.enter_context(waiting("reading"))
                held = Held(parsed((first, listing.first())))
            wait.count(stream.read_so_far())
            held.take(names[1:] if not count else names)
            count += len(names)
            last = names[-1]
        if not count:
            return 0, listing.bytes, None, None, held
        return count, listing.bytes, (first, listing.first()), (last, listing.last()), held


def own(found: Member, name: str) -> dict[str, Any]:
    """What one of our own two files says."""
    if not found or found[0] != name:
        raise DeployError(f"it has no {name.rpartition('/')[2]} where it must be: it is not a whole backup")
    if not (content := parsed(found)):
        raise DeployError(f"its {name.rpartition('/')[2]} cannot be read")
    return content


def complete(end: Mapping[str, Any], count: int) -> None:
    """Raise DeployError unless there are as many members as `end.json`, which is one more, says."""
    if end.get("members") != count - 1:
        raise DeployError(
            f"it has {count - 1} members, and {end.get('members')} were written: some are missing"
        )


def parsed(found: Member) -> dict[str, Any]:
    """What one of our own files says; nothing where it is none."""
    try:
        content = json.loads(found[1]) if found else None
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
