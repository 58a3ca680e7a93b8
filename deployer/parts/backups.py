"""The backups on the server: a script for each service and folder, the key, and the hour."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import rendered
from deployer.shares.backup import Backup
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

CRON = "/etc/cron.d/deploy-backup"
KEY = "/etc/deploy/backup-key.asc"
SCRIPTS_OF_SITES = "/etc/deploy/backup"
PACKAGES = frozenset({"cron", "gnupg", "sqlite3", "zstd"})
REMOVABLE = ("/etc/cron.d/deploy-*",)
SECTIONS = (
    (r"/etc/cron\.d/deploy-backup|/etc/deploy/backup(-key\.asc|\.conf)", "backups"),
    (r"/etc/deploy/backup/(.+)", r"backups.folders.\1"),
)


def share(config: "Config", facts: "Facts") -> Share:
    """What all backups need, and what of a server no archive will have."""
    return Share(
        files=backup_files(config),
        packages=backup_packages(config),
        notes=(*backup_notes(config, facts), *by_hand(config, facts)),
        remarks=tuple(unsaved_remarks(config)),
    )


def questions(config: "Config") -> Iterator[Question]:
    """Whether there is what the backups of folders need, and what else cron backs up."""
    yield Question("look", "backups")
    for need in {need for needs in needs_of_folders(config).values() for need in needs}:
        yield Question("path" if need.startswith("/") else "unit", need)


def backup_files(config: "Config") -> dict[str, File]:
    """What belongs to all backups together, and the scripts of folders; none without `backups:`."""
    backups = config.backups
    if backups is None:
        return {}
    hour, minute = backups.at.split(":")
    folders = {
        name: Backup(each.paths, exclude=each.exclude, stop=each.stop, dump=each.dump, load=each.load)
        for name, each in backups.folders.items()
    }
    return {
        CRON: rendered("backup/cron", hour=int(hour), minute=int(minute)),
        KEY: File(backups.recipient.content),
        "/etc/deploy/backup.conf": rendered("backup/backup.conf", backups=backups),
        **scripts_of(folders),
    }


def needs_of_folders(config: "Config") -> dict[str, tuple[str, ...]]:
    """What has to be there for the backup of each folder: paths, and units of systemd."""
    folders = config.backups.folders if config.backups else {}
    return {name: (*backup.paths, *backup.stop) for name, backup in folders.items()}


def backup_notes(config: "Config", facts: "Facts") -> tuple[str, ...]:
    """What a person should know of folders that cannot be backed up."""
    needs = needs_of_folders(config)
    missing = {name: [need for need in needed if need in facts.missing] for name, needed in needs.items()}
    return missing_folders(missing)


def unsaved_remarks(config: "Config") -> Iterator[tuple[str, str]]:
    """What the archives of single services will not have, by their names."""
    for name, entry in sorted(config.of_kind("compose").items()) if config.backups else ():
        yield from ((name, remark) for remark in entry.unsaved(name))


def missing_folders(missing: dict[str, list[str]]) -> tuple[str, ...]:
    """Which folders and units are not there, by the name of their backup."""
    return tuple(
        f"there is no {' and no '.join(needs)} (backups.folders): until there is, {name} has no backup"
        for name, needs in sorted(missing.items())
        if needs
    )


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """The script of an entry that has something to keep."""
    return Share(files=scripts_of(own.backups) if config.backups else {})


def scripts_of(backups: Mapping[str, Backup]) -> dict[str, File]:
    """The script of each of these, by its path."""
    return {
        f"{SCRIPTS_OF_SITES}/{name}": rendered(
            f"backup/{backup.runner}",
            0o755,
            name=name,
            backup=backup,
            paths=[backup.located(path) for path in backup.paths],
            databases=[backup.located(path) for path in backup.databases],
        )
        for name, backup in sorted(backups.items())
    }


def backup_packages(config: "Config") -> frozenset[str]:
    """The Debian packages that the backups need."""
    return PACKAGES if config.backups else frozenset()


def wanted(config: "Config") -> dict[str, Backup]:
    """What is backed up of each site and service, by its name; folders are not among them."""
    return worth_keeping(config) if config.backups else {}


def worth_keeping(config: "Config") -> dict[str, Backup]:
    """What a backup would have of each site and service, by its name, also where there are none."""
    found = {name: entry.wanted_backup(name) for name, entry in sorted(config.everything.items())}
    return {name: backup for name, backup in found.items() if backup}


def backed_up(config: "Config") -> tuple[str, ...]:
    """The names of everything that has archives."""
    return tuple(sorted({*wanted(config), *(config.backups.folders if config.backups else ())}))


def by_hand(config: "Config", facts: "Facts") -> Iterator[str]:
    """The backups of a person, beside ours."""
    if config.backups and facts.by_hand.backups:
        files = ", ".join(facts.by_hand.backups)
        yield f"backups of your own go on beside ours, and may stop the same containers: {files}"
