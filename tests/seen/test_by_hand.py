"""What a person has set up beside ours that meets it, from what observe.sh says."""

from typing import Any

import pytest

from deployer.config.model import Config
from deployer.parts import backups, nginx, publication, sshd
from deployer.seen.by_hand import read_by_hand
from deployer.seen.facts import Facts

SAID = {
    "password": ["bob"],
    "ipv4_only": ["/etc/nginx/conf.d/wiki.conf wiki.test", "/etc/nginx/conf.d/page.test.conf page.test"],
    "own_backup": ["/var/spool/cron/crontabs/root", "/etc/cron.d/deploy-backup"],
    "own_build": ["/etc/cron.d/blog page.test", "/etc/cron.d/blog other.test"],
}
WRITTEN = ("/etc/nginx/conf.d/page.test.conf", "/etc/cron.d/deploy-backup")
MEET = (sshd, nginx, backups, publication)
PAGE = {"kind": "static", "repository": "https://git.test/page.git", "https": False}
BUILD = "a line in /etc/cron.d/blog writes to /var/www/page.test, "


def test_what_nginx_takes_once_counts_where_a_person_has_said_it() -> None:
    said = ["/etc/nginx/nginx.conf map", "/etc/nginx/conf.d/page.test.conf open_file_cache"]
    assert read_by_hand({"said_once": said}, WRITTEN).said_once == {"map"}


def told(sites: dict[str, Any] | None = None, security: object = False, saving: object = None) -> list[str]:
    config = Config.model_validate({"sites": {"page.test": PAGE} if sites is None else sites})
    if security:
        config = config.model_copy(
            update={"security": Config.model_validate({"security": security}).security}
        )
    if saving:
        config = config.model_copy(update={"backups": saving})
    facts = Facts(os="debian", release="13", by_hand=read_by_hand(SAID, WRITTEN))
    return [note for part in MEET for note in part.by_hand(config, facts)]


def test_what_sites_listen_on_and_what_writes_to_them() -> None:
    listens, writes = told(security={"ssh": False, "fail2ban": False, "firewall": False})
    assert listens.startswith("wiki.test (/etc/nginx/conf.d/wiki.conf) listens on IPv4 alone: ")
    assert writes.startswith(BUILD)
    assert told({}, security={"ssh": False, "fail2ban": False, "firewall": False}) == []


@pytest.mark.parametrize(("passwords", "lost"), [(False, ["bob"]), (True, [])])
def test_who_logs_in_by_password_and_has_no_key(passwords: bool, lost: list[str]) -> None:
    notes = told({}, {"ssh": {"passwords": passwords}, "fail2ban": False, "firewall": False})
    assert [note.split(", and ")[1].split()[0] for note in notes] == lost


def test_backups_of_ones_own() -> None:
    off = {"ssh": False, "fail2ban": False, "firewall": False}
    assert told({}, off, saving=object()) == [
        "backups of your own go on beside ours, and may stop the same containers: "
        "/var/spool/cron/crontabs/root"
    ]
