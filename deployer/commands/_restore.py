"""Restoring one, all, or into a folder here."""

from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import DeployError, UnreachableError, UsageError

if TYPE_CHECKING:
    from deployer.archives import Archive
    from deployer.config.model import Config
    from deployer.home.places import Place
    from deployer.server.connection import Server


def unpack_here(
    config: "Config", server: "Server | None", name: str, at: str, place: str, directory: Path
) -> int:
    """Unpack an archive into a folder of this machine."""
    from deployer.home.begin import begin_of
    from deployer.home.places import choose, places
    from deployer.home.plain import decrypted, vouched
    from deployer.report import say
    from deployer.report.restore import show_archive
    from deployer.tasks.restore import unpack

    found, archive = choose(places(config, server, place), name, at)
    show_archive(archive, "")
    with found.reading(archive) as (chunks, digest), decrypted(chunks, digest) as plain:
        begin = begin_of(plain)
        unpack(directory, vouched(plain, begin.read))
    say(f"✓ unpacked into {directory}", style="green")
    if (directory / f"srv/deploy/{name}/backup/dump").is_dir():
        say(f"  its database dump: cat {directory}/srv/deploy/{name}/backup/dump/*")
    return 0


def restorable(config: "Config") -> set[str]:
    """The names that sites.yaml knows a place on the server for."""
    return {*config.compositions, *(config.backups.folders if config.backups else ())}


def restore_one(config: "Config", server: "Server", name: str, at: str, place: str, yes: bool) -> int:
    """Restore one site, service or folder."""
    from deployer.config.suggestions import suggest
    from deployer.home.places import choose, places

    known = restorable(config)
    if name not in known:
        raise UsageError(
            f"'{name}' is nothing that is backed up{suggest(name, known)}",
            "Those are: " + ", ".join(sorted(known)),
        )
    return 0 if _restore(server, *choose(places(config, server, place), name, at), yes) else 1


def restore_all(config: "Config", server: "Server", at: str, place: str, yes: bool) -> int:
    """Restore everything that has an archive; one that fails does not stop the others."""
    from time import monotonic

    from deployer.home.places import choose, places
    from deployer.report import complain, confirm, say
    from deployer.report.restore import show_archive, show_end

    found, known = places(config, server, place), restorable(config)
    names = {archive.name for where in found for archive in where.archives}
    for name in sorted(known - names):
        say(f"! {name} has no archive: it stays as it is", style="yellow")
    for name in sorted(names - known):
        say(f"! {name} has archives, and is not in sites.yaml: it is left out", style="yellow")
    chosen = [choose(found, name, at) for name in sorted(names & known)]
    if not chosen:
        raise DeployError("there is nothing to restore", "Run: deploy backup --list")
    for _, archive in chosen:
        show_archive(archive, "")
    if not yes and not confirm(f"Restore these onto {server.host}?"):
        return 1
    begun = monotonic()
    done: list[str] = []
    failed: list[str] = []
    for where, archive in chosen:
        try:
            good = _restore(server, where, archive, yes=True)
        except UnreachableError:
            raise
        except DeployError as error:
            complain(error)
            good = False
        (done if good else failed).append(archive.name)
    show_end(done, failed, monotonic() - begun)
    return 1 if failed else 0


def _restore(server: "Server", where: "Place", archive: "Archive", yes: bool) -> bool:
    from deployer.commands.push import caller
    from deployer.home.begin import begin_of
    from deployer.home.plain import decrypted, vouched
    from deployer.report import confirm
    from deployer.report.progress import progress
    from deployer.report.restore import show_archive, show_interrupted, show_plan
    from deployer.tasks.restore import restore, restore_plan

    show_archive(archive, server.host)
    with where.reading(archive) as (chunks, digest), decrypted(chunks, digest) as plain:
        begin = begin_of(plain)
        if begin.name != archive.name:
            raise DeployError(f"the archive is one of {begin.name}, not of {archive.name}")
        show_plan(restore_plan(server, archive.name, begin.text, archive.bytes))
        if not yes and not confirm(f"Restore {archive.name}?"):
            return False
        try:
            with progress() as shown:
                stream = vouched(plain, begin.read)
                return restore(server, archive.name, caller(), archive.bytes, stream, shown.line)
        except KeyboardInterrupt:
            show_interrupted(archive.name, server.host)
            raise
