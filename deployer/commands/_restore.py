"""Restoring one, or into a folder here."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.commands._elsewhere import during
from deployer.errors import DeployError, UsageError

if TYPE_CHECKING:
    from deployer.backups.archives import Archive
    from deployer.config.model import Config
    from deployer.home.begin import Begin
    from deployer.home.places import Place
    from deployer.home.plain import Plain
    from deployer.server.connection import Server
    from deployer.tasks.restore import Wanted


def unpack_here(
    config: "Config", server: "Server | None", name: str, at: str, place: str, directory: Path
) -> int:
    """Unpack an archive into a folder of this machine."""
    from deployer.home.places import choose, places
    from deployer.home.plain import vouched
    from deployer.home.unpacking import unpack
    from deployer.report import say
    from deployer.report.restore import show_archive
    from deployer.tasks.restore import Wanted
    from deployer.waiting import counted, waiting

    found, archive = choose(places(config, server, place), name, at)
    show_archive(archive, "")
    with beginning(found, archive, Wanted(at)) as (plain, begin), waiting("unpacking") as wait:
        chunks = counted(vouched(plain, begin.read), wait, archive.bytes, plain.read_so_far)
        left = unpack(directory, name, chunks)
    say(f"✓ unpacked into {directory}", style="green")
    if left:
        say(f"! {left}", style="yellow")
    if (directory / f"srv/deploy/{name}/backup/dump").is_dir():
        say(f"  its database dump: cat {directory}/srv/deploy/{name}/backup/dump/*")
    return 0


def vouch(archive: "Archive", digest: str | None, at: str) -> None:
    """Tell that no digest vouches for an archive; raises DeployError where it was not named."""
    from deployer.report import say

    if digest is not None:
        return
    if not at:
        raise DeployError(
            f"{archive.file} has no digest: nothing says that it is what was made",
            f"If you know it, name it: --at {archive.stamp}",
        )
    say(
        f"! {archive.file} has no digest: GnuPG tells whether it is damaged, nobody who made it",
        style="yellow",
    )


def restorable(config: "Config") -> set[str]:
    """The names that sites.yaml knows a place on the server for."""
    from deployer.parts.backups import backed_up

    return {*config.compositions, *backed_up(config)}


def restore_one(
    config: "Config", server: "Server", name: str, place: str, wanted: "Wanted", yes: bool
) -> int:
    """Restore one site, service or folder."""
    from deployer.commands._backup import without_data
    from deployer.config.suggestions import suggest
    from deployer.home.former import of_another_name
    from deployer.home.places import choose, places

    known = restorable(config)
    target = wanted.name or name
    found = places(config, server, place) if target in known or not wanted.name else []
    if not wanted.name:
        of_another_name(
            name, known, {each.name for place in found for each in (*place.archives, *place.unproved)}
        )
    if target not in known:
        raise UsageError(
            without_data(config, target)
            or f"'{target}' is nothing that is backed up{suggest(target, known)}",
            "Those are: " + ", ".join(sorted(known)),
        )
    where, archive = choose(found, name, wanted.at)
    window = partial(during, config, [target], "restore")
    return 0 if restore_archive(server, where, archive, wanted, yes, window=window) else 1


@contextmanager
def beginning(where: "Place", archive: "Archive", wanted: "Wanted") -> "Iterator[tuple[Plain, Begin]]":
    """An archive whose beginning was read, and is what it must be; raises DeployError."""
    from deployer.home.begin import begin_of
    from deployer.home.plain import decrypted

    with where.reading(archive) as (chunks, digest), decrypted(chunks, digest or "") as plain:
        vouch(archive, digest, wanted.at)
        begin = begin_of(plain)
        if begin.name != archive.name:
            raise DeployError(f"the archive is one of {begin.name}, not of {archive.name}")
        yield plain, begin


def plan(server: "Server", where: "Place", archive: "Archive", wanted: "Wanted") -> None:
    """Show what a restore would do; raises DeployError where the server would refuse the archive."""
    from deployer.report.restore import show_archive, show_plan
    from deployer.tasks.restore import restore_plan

    show_archive(archive, server.host)
    with beginning(where, archive, wanted) as (_, begin):
        show_plan(restore_plan(server, archive, begin.text, wanted))


def restore_archive(
    server: "Server",
    where: "Place",
    archive: "Archive",
    wanted: "Wanted",
    yes: bool,
    planned: bool = False,
    window: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> bool:
    """Restore one, after showing what that does unless it was shown, and asking; whether it went well."""
    from deployer.home.plain import vouched
    from deployer.report import confirm, say
    from deployer.report.progress import progress
    from deployer.report.restore import show_archive, show_interrupted, show_plan
    from deployer.tasks import caller
    from deployer.tasks.restore import restore, restore_plan
    from deployer.waiting import counted, waiting

    show_archive(archive, server.host)
    with beginning(where, archive, wanted) as (plain, begin):
        if not planned:
            show_plan(restore_plan(server, archive, begin.text, wanted))
        as_what = f" as {wanted.name}" if wanted.name else ""
        if not yes and not confirm(f"Restore {archive.name}{as_what}?"):
            say("Nothing was done.")
            return False
        try:
            with window(), progress() as shown, waiting(archive.file) as wait:
                chunks = counted(vouched(plain, begin.read), wait, archive.bytes, plain.read_so_far)
                return restore(server, archive, caller(), wanted, chunks, shown.line)
        except KeyboardInterrupt:
            show_interrupted(wanted.name or archive.name, server.host)
            raise
