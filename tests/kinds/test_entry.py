"""What a kind on the server itself says in its share, and what the parts do for it."""

from pathlib import Path

import pytest

from config.test_backups import key
from deployer.config.model import Config
from deployer.files import File
from deployer.kinds.base import Site
from deployer.parts import with_parts
from deployer.seen.facts import Facts
from deployer.shares.backup import Backup
from deployer.shares.share import Share
from deployer.values.backups import BackupChoice, NoBackup
from deployer.values.secrets import Generated, Secret

__all__ = ["key"]
NAME = "dav.example.org"
FACTS = Facts(os="debian", release="13")
VALUES = f"/etc/deploy/sites/{NAME}.conf"
SCRIPT = f"/etc/deploy/backup/{NAME}"


class Program(Site):
    """A program of the server."""

    kind: str = "program"
    backup: BackupChoice = BackupChoice()

    def files(self, name: str, facts: Facts) -> dict[str, File]:
        return {f"/etc/program/{name}": File(b"")}

    def units(self, name: str) -> frozenset[str]:
        return frozenset({f"deploy-program-{name}.service"})

    def users(self, name: str) -> dict[str, str]:
        return {"program": f"The program of {name}"}

    def secrets(self) -> dict[str, Secret]:
        return {"PASSWORD": Generated()}

    def local_ports(self) -> tuple[int, ...]:
        return (9000,)

    def backs_up(self) -> Backup:
        return Backup(paths=("data", ".env", "/srv/more"), exclude=("*.tmp",))


def share_of(backup: BackupChoice, folder: Path | None) -> Share:
    keyed = {"backups": {"recipient": "key.asc"}} if folder else {}
    config = Config.model_validate(keyed, context={"folder": folder})
    own = Program.model_construct(backup=backup, https=False)
    config = config.model_copy(update={"sites": {NAME: own}})
    return with_parts(config, NAME, own.share(NAME, FACTS), FACTS)


def test_what_it_says_is_done_by_the_parts(key: Path) -> None:
    share = share_of(BackupChoice(exclude=("cache",)), key)
    assert share.units == {f"deploy-program-{NAME}.service"}
    assert share.ports == {NAME: {9000}}
    assert share.secrets == {f"/opt/{NAME}/.env": {"PASSWORD": Generated()}}
    users = share.files[f"/etc/sysusers.d/deploy-{NAME}.conf"].content.decode()
    assert f'\nu program - "The program of {NAME}" /nonexistent /usr/sbin/nologin\n' in users
    script, values = (share.files[path].content.decode() for path in (SCRIPT, VALUES))
    assert f"\nKIND=program\nRUNNER=systemd\nUNITS=(deploy-program-{NAME}.service)\n" in values
    assert f"\nPATHS=(\n    /opt/{NAME}/data\n    /opt/{NAME}/.env\n    /srv/more\n)\n" in script
    assert (
        "\nKIND=folder\nRUNNER=systemd\n# These units of systemd are stopped while its files are read"
        in script
    )
    assert f"\nUNITS=(deploy-program-{NAME}.service)\n" in script
    assert "\nEXCLUDE=('*.tmp' cache)\n" in script


@pytest.mark.parametrize("backup", [NoBackup(), BackupChoice()])
def test_without_backups_it_has_no_script(backup: BackupChoice, key: Path) -> None:
    assert SCRIPT not in share_of(backup, key if not backup.wanted else None).files


def test_it_goes_on_running_where_that_is_wanted(key: Path) -> None:
    script = share_of(BackupChoice(consistency="live"), key).files[SCRIPT].content.decode()
    assert "\nCONSISTENCY=live\n" in script
    assert "\nUNITS=" not in script
