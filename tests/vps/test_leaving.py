"""docs/by-hand.md, "Leave the tool", followed to the letter: what it says goes on does, and nothing is left to fail."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.security.conftest import PACKAGES
from vps.waiting import until

pytestmark = [
    pytest.mark.takes_turns("module"),
    pytest.mark.in_turns("once on a server", of="modules"),
]

__all__ = ["key"]
PAGE = Path(__file__).parents[2] / "docs/by-hand.md"
NAMES = ("page.test", "old.test")
RENEW = "certbot renew --force-renewal --no-random-sleep-on-renew"
NIGHT = r"""bash -c "$(sed -n 's/^[0-9].* root //p' /etc/cron.d/deploy-backup)" """
LEFT = "find /srv/deploy /var/lib/deploy* /etc/deploy /var/www -maxdepth 3 -not -type d 2>/dev/null"


def section() -> str:
    """What the page says of leaving."""
    return PAGE.read_text().partition("## Leave the tool")[2].partition("\n## ")[0]


def steps() -> list[str]:
    """The blocks of its steps, in order."""
    found = re.findall(r"^   ```\n(.*?)^   ```$", section(), re.DOTALL | re.MULTILINE)
    return [re.sub("^   ", "", block, flags=re.MULTILINE) for block in found]


def stays() -> re.Pattern[str]:
    """The paths that the table says stay, and those below them."""
    table = section().partition("| what stays | why |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.count("|") == 3]
    paths = [re.escape(path) for cell in cells for path in re.findall("`(/[^`]+)`", cell)]
    return re.compile("|".join(re.sub("NAME|DOMAIN", "[^/]+", path) for path in paths))


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    with Machine.boot(release, PACKAGES) as machine:
        machine.run("ssh-keygen -A; mkdir -p /srv/photos; echo one >/srv/photos/one")
        machine.add_hosts(dict.fromkeys(NAMES, "127.0.0.1"))
        yield machine


@pytest.fixture
def project(vps: Machine, acme: AcmeServer, key: Key, tmp_path: Path) -> Project:
    """Everything but containers (see services/test_leaving.py): sites, keys, backups, updates, the baseline."""
    made = Project(tmp_path, vps, acme, {})
    made.repository("page", {"index.html": "<h1>One</h1>\n"})
    made.sites = {
        "page.test": {"kind": "static", "repository": "page"},
        "old.test": {"kind": "redirect", "to": "https://page.test"},
    }
    (tmp_path / "key.asc").write_bytes(key.public.read_bytes())
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    made.more = {
        "security": {"fail2ban": {"ignore": [vps.network.host]}, "swap": None},
        "backups": {"recipient": "key.asc", "folders": {"photos": ["/srv/photos"]}},
        "updates": {"at": "04:00"},
        "keys": {"home": {"public": public, "pull_backups": True}},
    }
    done = made.deploy("push", "page.test", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.apply().returncode == 0
    return made


def test_leaving_step_by_step(vps: Machine, project: Project) -> None:
    ours = vps.run("cut -c 67- /var/lib/deploy/manifest").stdout.splitlines()
    remembering, keys, updates, backups, rest = steps()

    def served() -> None:
        assert project.get("page.test") == (200, "<h1>One</h1>\n")
        assert project.get("old.test")[0] == 301
        assert vps.run("systemctl --failed --no-legend").stdout == ""

    def pushed() -> None:
        assert "page.test is live" in vps.run("/usr/local/lib/deploy/bin/push page.test --force").stdout

    def backed_up() -> None:
        before = len(list((vps.root / "home/backups/photos").glob("*.gpg")))
        vps.run(f"sleep 1; {NIGHT}")
        assert len(list((vps.root / "home/backups/photos").glob("*.gpg"))) == before + 1

    for step, works in (
        (remembering, (served, pushed, backed_up)),
        (keys, (served, pushed, backed_up)),
        (updates, (served, pushed, backed_up)),
        (backups, (served, pushed)),
        (rest, (served,)),
    ):
        said = vps.run(step)
        assert not said.stderr, said.stderr
        for work in works:
            work()

    serial = "openssl x509 -noout -serial -in /etc/letsencrypt/live/page.test/cert.pem"
    before = vps.run(serial).stdout
    vps.run(f"systemctl show -P Environment certbot.service | xargs -I @ env @ {RENEW}")
    assert vps.run(serial).stdout != before
    vps.restart()
    until(vps, "systemctl is-active --quiet nginx")
    served()
    assert (
        vps.run(
            "visudo -c; nginx -t -q; sshd -t; logrotate --debug /etc/logrotate.conf 2>&1", check=False
        ).returncode
        == 0
    )

    left = [path for path in ours if (vps.root / path[1:]).exists()]
    left += vps.run(LEFT, check=False).stdout.split()
    assert [path for path in left if not stays().match(path)] == []
    assert (
        vps.run(
            "getent passwd | grep deploy; grep -rlE '/usr/local/lib/deploy' /etc || true", check=False
        ).stdout
        == ""
    )
    unknown = vps.run(
        "find / -xdev '(' -nouser -o -nogroup ')' -not -path '/proc/*' 2>/dev/null", check=False
    ).stdout
    assert unknown == ""
