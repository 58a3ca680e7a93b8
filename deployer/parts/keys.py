"""What lets restricted SSH keys in: a user, its authorized_keys, and the one rule of sudo that it has."""

import re
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import PROGRAMS, system
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.keys import RestrictedKey
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

USER = "deploy"
"""It comes and goes with the keys."""
HOME = "/var/lib/deploy-keys"
AUTHORIZED_KEYS = f"{HOME}/.ssh/authorized_keys"
SUDOERS = "/etc/sudoers.d/deploy-keys"
BACKUP_FOLDERS = "/etc/tmpfiles.d/deploy-keys.conf"
BACKUPS = "pull_backups"
"""What /etc/deploy/keys/NAME says of a key that fetches backups; no site has such a name."""
HANDLERS = (
    Handler(
        f"{HOME}/*",
        Stage.LOOK,
        check=f"look_whose_user_deploy_is {HOME}",
        who="the server",
        says="see whose the user deploy is",
    ),
    Handler(
        "/etc/sudoers.d/*",
        Stage.LOOK,
        check="check_sudo",
        who="sudo",
        says="check the rules of sudo",
    ),
    Handler(
        BACKUP_FOLDERS,
        Stage.READERS,
        live=f"let_archives_be_read {BACKUP_FOLDERS}",
        says="let the archives be read",
    ),
)
REMOVABLE = (SUDOERS, AUTHORIZED_KEYS)
SECTIONS = ((re.escape(AUTHORIZED_KEYS), "keys"),)


def share(config: "Config", facts: "Facts") -> Share:
    """All that restricted keys need, where there are any."""
    return Share(files=key_files(config), packages=key_packages(config))


def key_files(config: "Config") -> dict[str, File]:
    """The files that restricted keys need, by path; none without keys."""
    if not config.keys:
        return {}
    return {
        "/etc/sysusers.d/deploy-keys.conf": system("keys.sysusers.conf", home=HOME),
        SUDOERS: system("keys.sudoers", 0o440, programs=PROGRAMS),
        **({BACKUP_FOLDERS: system("keys.tmpfiles.conf")} if pulls_backups(config) else {}),
        AUTHORIZED_KEYS: system("authorized_keys", keys=config.keys, programs=PROGRAMS),
        **{
            f"/etc/deploy/keys/{name}": system("key", key=name, lines=lines_of(key))
            for name, key in config.keys.items()
        },
    }


def lines_of(key: "RestrictedKey") -> tuple[str, ...]:
    """What /etc/deploy/keys/NAME says that it may do."""
    if key.pull_backups:
        return (BACKUPS,)
    return (*key.push, *(f"{what} {each}" for what in ("send", "shield") for each in key.lists[what]))


def key_packages(config: "Config") -> frozenset[str]:
    """The Debian packages that restricted keys need; rrsync is a Python program of the package rsync."""
    sudo = {"sudo"} if config.keys else set()
    return frozenset(sudo | ({"python3", "rsync"} if pulls_backups(config) else set()))


def pulls_backups(config: "Config") -> bool:
    """Whether a key may fetch backups."""
    return any(key.pull_backups for key in config.keys.values())
