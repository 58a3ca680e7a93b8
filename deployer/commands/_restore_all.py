"""Restoring everything that has an archive, as onto a new server."""

from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING

from deployer.commands._elsewhere import during
from deployer.commands._restore import plan, restorable, restore_archive
from deployer.errors import DeployError, UnreachableError, UsageError

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.home.places import Chosen, Place
    from deployer.server.connection import Server
    from deployer.tasks.restore import Wanted


def restore_all(config: "Config", server: "Server", place: str, wanted: "Wanted", yes: bool) -> int:
    """Restore everything that has an archive; one that fails does not stop the others."""
    from deployer.home.places import places
    from deployer.report import complain, confirm, say
    from deployer.report.restore import show_end

    chosen, failed = choose_all(places(config, server, place), in_order(config, restorable(config)), wanted)
    if not yes:  # else each is planned just before it is restored
        chosen, refused = planned(server, chosen, wanted)
        failed += refused
        if not chosen:
            raise DeployError("the server would refuse each of them", "The reasons are above")
        if not confirm(f"Restore {len(chosen)} onto {server.host}?"):
            say("Nothing was done.")
            return 1
    begun = monotonic()
    done: list[str] = []
    with during(config, {archive.name for _, archive in chosen}, "restore"):
        for where, archive in chosen:
            try:
                good = restore_archive(server, where, archive, wanted, yes=True, planned=not yes)
            except UnreachableError:
                raise
            except DeployError as error:
                complain(error)
                good = False
            (done if good else failed).append(archive.name)
    show_end(done, failed, monotonic() - begun)
    return 1 if failed else 0


def in_order(config: "Config", names: "Iterable[str]") -> list[str]:
    """These names by the alphabet, but what others are pushed from comes first."""

    def place(name: str) -> tuple[bool, str]:
        entry = config.everything.get(name)
        return not (entry and entry.needed_by_pushes), name

    return sorted(names, key=place)


def choose_all(found: "list[Place]", known: list[str], wanted: "Wanted") -> "tuple[list[Chosen], list[str]]":
    """The archive of each name, and the names that have none of the date; what is left out is told."""
    from deployer.home.places import choose
    from deployer.report import complain, say
    from deployer.report.restore import show_archive

    names = {archive.name for where in found for archive in where.archives}
    for name in sorted(set(known) - names):
        say(f"! {name} has no archive: it stays as it is", style="yellow")
    for name in sorted(names.difference(known)):
        say(f"! {name} has archives, and is not in sites.yaml: it is left out", style="yellow")
    chosen: list[Chosen] = []
    failed: list[str] = []
    for name in known:
        if name not in names:
            continue
        try:
            chosen.append(choose(found, name, wanted.at))
        except UsageError as error:
            complain(error)
            failed.append(name)
    if not chosen:
        raise DeployError("there is nothing to restore", "Run: deploy backup --list")
    for _, archive in chosen:
        show_archive(archive, "")
    return chosen, failed


def planned(server: "Server", chosen: "list[Chosen]", wanted: "Wanted") -> "tuple[list[Chosen], list[str]]":
    """Those that the server would restore, and the names of the others; all is told."""
    from deployer.report import complain

    good: list[Chosen] = []
    refused: list[str] = []
    for where, archive in chosen:
        try:
            plan(server, where, archive, wanted)
        except UnreachableError:
            raise
        except DeployError as error:
            complain(error)
            refused.append(archive.name)
        else:
            good.append((where, archive))
    return good, refused
