"""What apt and dpkg are about on a server, and what apt would do besides what is asked of it; pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deployer.seen.releases import CODENAMES


@dataclass(frozen=True, slots=True)
class Packaging:
    """What apt and dpkg say of themselves.

    `at_work` is the process that holds their locks, as in "4711, unattended-upgr". `half_done` are packages
    with which dpkg has not come to an end, `interrupted` whether there are any or its journal says so.
    `releases` are those that the sources of packages are of.
    """

    at_work: str = ""
    half_done: tuple[str, ...] = ()
    interrupted: bool = False
    releases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Additions:
    """What apt would do besides to install the packages that are missing.

    `unknown` are those that it cannot find before its lists are fetched, `refuses` is why it would not.
    """

    unknown: tuple[str, ...] = ()
    upgrades: tuple[str, ...] = ()
    removals: tuple[str, ...] = ()
    refuses: str = ""


def read_packaging(said: Mapping[str, list[str]]) -> Packaging:
    """Understand what apt.sh tells."""
    process, _, name = next(iter(said.get("apt_at_work", ())), "").partition(" ")
    half = [package for package in said.get("half_done", ()) if package]
    bases = {re.split("[-/]", suite)[0] for suite in said.get("suite", ())}
    return Packaging(
        at_work=f"{process}, {name}" if process else "",
        half_done=tuple(sorted(half)),
        interrupted=bool(said.get("half_done")),
        releases=frozenset(bases & CODENAMES),
    )


def read_additions(said: Mapping[str, list[str]]) -> Additions:
    """Understand what observe.sh tells of packages that are to be installed."""
    return Additions(
        unknown=tuple(said.get("unknown", ())),
        upgrades=tuple(sorted(line.partition(" ")[0] for line in said.get("upgrade", ()))),
        removals=tuple(sorted(said.get("remove", ()))),
        refuses=" ".join(said.get("apt_refuses", ())),
    )


def unfinished(packaging: Packaging) -> Iterator[str]:
    """What is going on, or was left half done."""
    if packaging.at_work:
        yield f"apt is at work (process {packaging.at_work}): what is installed may be changing just now"
    elif packaging.interrupted:
        yield f"dpkg was interrupted{_with(packaging.half_done)}: run dpkg --configure -a on the server"


def _with(packages: tuple[str, ...]) -> str:
    more = f" and {len(packages) - 5} more" if len(packages) > 5 else ""
    return f", with {', '.join(packages[:5])}{more} half done" if packages else ""


def other_release(packaging: Packaging, codename: str) -> Iterator[str]:
    """That the sources are of another release than the server."""
    if codename and (others := sorted(packaging.releases - {codename})):
        yield f"the sources of packages are of {' and '.join(others)}, the server is {codename}"
