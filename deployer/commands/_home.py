"""What `deploy backup` does on the home server: one function for each of its options."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.home.jobs import Jobs
    from deployer.home.survey import Survey


def pull(config: "Config", names: tuple[str, ...], as_json: bool) -> int:
    """Bring home what is new; the exit code."""
    from deployer.commands._interrupted import telling
    from deployer.errors import UsageError
    from deployer.home.nightly import bring_home
    from deployer.report import data, say
    from deployer.report.home import night_json, show_night

    if names:
        raise UsageError("--pull brings everything home", "Leave out the names")
    with telling(lambda: "what has come whole stays. What is missing yet: deploy backup --pull"):
        night = bring_home(config, say)
    if as_json:
        data(night_json(night))
    else:
        show_night(night)
    return night.exit_code


def verify(config: "Config", names: tuple[str, ...], as_json: bool) -> int:
    """Read the newest archives; the exit code."""
    from deployer.home.verification import verify as read_all
    from deployer.report import data, say
    from deployer.report.home import show_verdicts, verdicts_json

    verdicts, warnings = read_all(config, names, say)
    if as_json:
        data(verdicts_json(verdicts, warnings))
    else:
        show_verdicts(verdicts, warnings)
    return int(any(verdict.error for verdict in verdicts))


def listing(config: "Config", names: tuple[str, ...], as_json: bool) -> int:
    """Show every archive in every place; the exit code, 1 where a place did not answer."""
    from deployer.report import data
    from deployer.report.copies import archives_json, show_archives

    seen = everywhere(config, names)
    if as_json:
        data(archives_json(seen.archives, {**seen.unknown, **seen.elsewhere}, seen.unproved))
    else:
        show_archives(seen.archives, seen.unknown, seen.elsewhere, seen.unproved)
    return int(bool(seen.unknown))


def report(config: "Config", names: tuple[str, ...], as_json: bool) -> int:
    """Show how every name stands against 3-2-1; the exit code, 1 where something is missing."""
    from datetime import UTC, datetime

    from deployer.backups.protection import Read, protections
    from deployer.home.nightly import protections_of
    from deployer.home.store import Store
    from deployer.parts.backups import backed_up
    from deployer.report import data
    from deployer.report.copies import protections_json, remarks, show_protections
    from deployer.report.figures import complain_of

    seen, now = everywhere(config, names), datetime.now(UTC)
    unknown, expected = {**seen.unknown, **seen.elsewhere}, names or backed_up(config)
    if config.home and Path(config.home.directory).is_dir():
        found = protections_of(config.home, Store(Path(config.home.directory)), seen.archives, expected)
    else:
        retired = config.home.retired if config.home else ()
        found = protections(seen.archives, Read({}, now), now, retired, expected)
    if as_json:
        data(protections_json(found, unknown))
    else:
        show_protections(found, unknown)
        complain_of((), remarks(seen.archives))
    return int(bool(unknown) or not found or any(protection.lacks for protection in found))


def everywhere(config: "Config", names: tuple[str, ...]) -> "Survey":
    """The archives of the names, or all, in every place that can be asked from here."""
    from dataclasses import replace

    from deployer.errors import UsageError
    from deployer.home.survey import survey

    if config.backups is None and config.home is None:
        raise UsageError("there are no backups in sites.yaml", "Add it: backups: {recipient: backup-key.asc}")
    seen = survey(config)
    there = {archive.name for archive in (*seen.archives, *seen.unproved)}
    if not seen.unknown and (missing := [name for name in names if name not in there]):
        raise UsageError(f"there is no archive of '{missing[0]}' in any place that can be asked from here")
    if not names:
        return seen
    chosen = [a for a in seen.archives if a.name in names]
    return replace(seen, archives=chosen, unproved=[a for a in seen.unproved if a.name in names])


def begin(config: "Config") -> int:
    """Mark the folder as the one where backups live; the exit code."""
    from deployer.home.section import home_of
    from deployer.report import say
    from deployer.report.figures import size

    _, _, store = home_of(config)
    store.require_folder()
    store.settle()
    disk, free = store.disk()
    say(f"Backups live in {store.directory}, on the disk that is mounted at {disk}: {size(free)} are free.")
    return 0


def install(config: "Config", path: Path, as_json: bool, yes: bool) -> int:
    """Put the timers in place, after showing them; the exit code. The first time, the folder is marked."""
    from deployer.home import timers
    from deployer.home.jobs import of_backups
    from deployer.home.section import home_of

    _, home, store = home_of(config)
    store.require_folder()
    first = not timers.wanted(of_backups(None), timers.call_of(path))
    if not first:
        store.require()
    code = settle(of_backups(home), path, as_json, yes)
    if first and code == 0:
        begin(config)
    return code


def uninstall(config: "Config", path: Path, as_json: bool, yes: bool) -> int:
    """Take the timers away; the exit code."""
    from deployer.home.jobs import of_backups

    return settle(of_backups(None), path, as_json, yes)


def settle(jobs: "Jobs", path: Path, as_json: bool, yes: bool) -> int:
    """Make the timers those of these jobs, or none."""
    from deployer.home import timers
    from deployer.report import confirm, data, say
    from deployer.report.home import change_json, show_change

    call = timers.call_of(path)
    change = timers.wanted(jobs, call)
    if as_json:
        data(change_json(change.files, change.crontab))
    if not change:
        say("nothing to do")
        return 0
    if not as_json:
        show_change(change.files, change.crontab)
    if not yes and not confirm("Do it?"):
        say("Nothing was done.")
        return 1
    timers.carry_out(change, call.system)
    say("done", style="green")
    if jobs.wanted and any(path.suffix == ".timer" for path in change.files) and not call.system:
        say("Timers of a user run while somebody is logged in; for always: loginctl enable-linger")
    return 0
