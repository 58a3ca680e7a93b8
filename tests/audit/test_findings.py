"""What an audit makes of what a server tells: one finding for each thing that is wrong, else none."""

from typing import Any

import pytest

from deployer.audit import findings
from deployer.audit.evidence import read_evidence
from deployer.config.model import Config

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
GOOD = f"""now 1000000
listen tcp 0.0.0.0 22 sshd
listen tcp :: 22 sshd
listen tcp * 443 nginx
listen tcp 0.0.0.0 80 nginx
listen tcp 127.0.0.1 3000 docker-proxy
listen udp 10.0.0.2 68 systemd-networkd
sshd port 22
sshd passwordauthentication no
sshd kbdinteractiveauthentication no
sshd permitrootlogin without-password
sshd permitemptypasswords no
key root {KEY} me@laptop
lists 990000
ufw active
fail2ban active
daily 1
docker 28.5.1
certificate old.example.org 9000000
container app 1000 false{" "}
published /app 127.0.0.1 3000 80/tcp
"""
SITES = {"old.example.org": {"kind": "redirect", "to": "https://example.org"}}


def found(*lines: str, without: str = "", **sections: Any) -> list[str]:
    """What is found on a good server with these lines more; `!` begins what is not serious."""
    told = [line for line in GOOD.splitlines() if not without or not line.startswith(without)]
    config = Config.model_validate({"sites": SITES, **sections})
    seen = read_evidence("\n".join([*told, *lines]))
    return [("" if each.serious else "! ") + each.what for each in findings(seen, config, {KEY})]


def mending(*lines: str, without: str = "") -> dict[str, str]:
    """What mends each of the findings, by what was found."""
    told = [line for line in GOOD.splitlines() if not without or not line.startswith(without)]
    seen = read_evidence("\n".join([*told, *lines]))
    config = Config.model_validate({"sites": SITES})
    return {each.what: each.mend for each in findings(seen, config, {KEY})}


def test_nothing_is_found_on_a_good_server() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("without", "line", "what"),
    [
        ("sshd passwordauth", "sshd passwordauthentication yes", "sshd says: passwordauthentication yes"),
        ("sshd permitroot", "sshd permitrootlogin yes", "root may log in with a password"),
        ("sshd permitempty", "sshd permitemptypasswords yes", "sshd says: permitemptypasswords yes"),
        ("", "nopassword berta", "berta has an empty password"),
        ("", "nginx_refuses cannot load it", "NGINX refuses its files: cannot load it"),
        ("", "root toor", "toor has the number 0: it is root by another name"),
        (
            "",
            "sudo /etc/sudoers.d/b berta ALL=(ALL) NOPASSWD: ALL",
            "sudo asks no password of berta: ALL=(ALL) NOPASSWD: ALL",
        ),
        (
            "",
            "sudo /etc/sudoers b ALL=(root) NOPASSWD: /bin/x",
            "! sudo asks no password of b: ALL=(root) NOPASSWD: /bin/x",
        ),
        ("", "readable /opt/app/.env", "everybody on the server can read /opt/app/.env"),
        ("", "listen tcp 0.0.0.0 9000 python3", "! python3 listens on 9000/tcp for everyone"),
        ("", "published /db  5432 5432/tcp", "the container db publishes 5432/tcp on every address"),
        ("", "published /db 0.0.0.0 53 53/udp", "the container db publishes 53/udp on 0.0.0.0"),
        ("", "container db root false ", "! the container db runs as root"),
        ("", "container db 0:0 false ", "! the container db runs as root"),
        ("", "container db 5 true ", "the container db is privileged"),
        ("", "endless /app\nendless /db", "! the logs of app, db have no limit"),
        ("docker", "docker 26.1.5+dfsg1", "! Docker 26.1.5+dfsg1 publishes 3000/tcp on 127.0.0.1"),
        (
            "docker",
            "silent_docker the program docker is missing",
            "Docker cannot be asked: the program docker is missing",
        ),
        ("docker", "silent_docker Cannot connect", "Docker cannot be asked: Cannot connect"),
        ("ufw", "ufw inactive", "the firewall is off"),
        ("fail2ban", "fail2ban failed", "fail2ban is not running"),
        ("daily", "daily 0", "no security updates are installed by themselves"),
        ("lists", "lists 10000", "nobody has looked for updates for 11 days"),
        ("", "upgrade libssl3", "security updates wait: libssl3"),
        (
            "",
            "apt_at_work 4711 dpkg",
            "! apt is at work (process 4711, dpkg): what is installed may be changing just now",
        ),
        (
            "",
            "half_done nginx",
            "dpkg was interrupted, with nginx half done: run dpkg --configure -a on the server",
        ),
        (
            "",
            "codename bookworm\nsuite bookworm\nsuite trixie-updates",
            "! the sources of packages are of trixie, the server is bookworm",
        ),
        ("", "reboot linux-image-amd64", "! the server wants a restart for linux-image-amd64"),
        ("", "edited /etc/nginx/conf.d/a.conf", "! /etc/nginx/conf.d/a.conf was edited by hand"),
        (
            "certificate",
            "certificate old.example.org 1200000",
            "the certificate old.example.org expires in 2 days",
        ),
        (
            "certificate",
            "certificate old.example.org 1100000",
            "the certificate old.example.org expires in 1 day",
        ),
        ("certificate", "certificate old.example.org 1", "the certificate old.example.org has expired"),
        ("certificate", "certificate gone.example.org 1", "! the certificate gone.example.org has expired"),
        ("", "gpg pub e 900000", "the key that backups are encrypted for has expired"),
        ("", "gpg sub r 0", "the subkey that backups are encrypted for is revoked"),
        ("", f"key root {KEY[:-1]}A eve", "! the key eve may log in as root"),
    ],
)
def test_each_thing_that_is_wrong_is_found_once(without: str, line: str, what: str) -> None:
    assert found(line, without=without) == [what]


OLD_PHP = 1_798_800_000  # the first day of 2027


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("php 8.2", "PHP 8.2 gets no security updates any more, since 2026-12-31"),
        ("php 7.3", "PHP 7.3 gets no security updates any more"),
        ("php 8.3", ""),
        ("php 8.4", ""),
        ("php 9.0", ""),
        ("php_shows /etc/php/8.4/fpm/pool.d/a.conf:7", "PHP shows its errors to visitors"),
        ("readable /var/www/blog.example.org/wp-config.php", "everybody on the server can read"),
    ],
)
def test_what_is_wrong_with_php_is_found(line: str, what: str) -> None:
    said = found(f"now {OLD_PHP}", f"lists {OLD_PHP}", "codename trixie", line, without="now")
    of_php = [each for each in said if "PHP" in each or "read" in each]
    assert [each.split(":")[0][: len(what)] for each in of_php] == [what] * bool(what)


def test_what_the_distribution_keeps_going_is_not_out_of_support() -> None:
    assert not [
        each
        for each in found(f"now {OLD_PHP}", "codename bookworm", "php 8.2", without="now")
        if "PHP" in each
    ]


def test_the_key_with_which_the_server_fetches_from_itself_is_known() -> None:
    key = "ssh-ed25519 AAAAdeploykey deploy www.example.org"
    line = f"key git {key}\ndeploy_key {key}"
    assert found(line) == []
    assert found(line.replace("key git", "key root")) == [
        "! the key deploy www.example.org may log in as root"
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("mounted /db false /var/run/docker.sock", "! the container db may talk to Docker's socket"),
        ("mounted /db false /run", "! the container db may talk to Docker's socket"),
        ("mounted /db true /etc", "the container db has /etc of the server"),
        ("mounted /db false /root", "! the container db has /root of the server"),
        ("mounted /db true /proc", "the container db has /proc of the server"),
        ("capability /db CAP_SYS_ADMIN", "the container db has the capability SYS_ADMIN"),
        ("capability /db ALL", "the container db has the capability ALL"),
        ("device /db /dev/sda1", "the container db has /dev/sda1"),
    ],
)
def test_what_gives_a_container_the_server_is_found_once(line: str, what: str) -> None:
    assert found("container /db 5 false ", line) == [what]
    assert found("container /db 5 false ", line.replace("/db ", "/dbb ")) == []


def test_what_a_container_has_of_all_together() -> None:
    host = [
        f"mounted /db false {path}" for path in ("/", "/srv/my photos", "/proc", "/sys", "/etc/localtime")
    ]
    assert sorted(found("container /db root false host", *host, "capability /db NET_ADMIN")) == [
        "! the container db has / of the server",
        "! the container db may talk to Docker's socket",
        "! the container db sees all processes of the server",
    ]


def test_a_backup_is_late_here_when_it_is_in_the_report() -> None:
    backups = {"recipient": "key.asc", "folders": {"photos": ["/srv/photos"]}}
    hour = 3600
    assert found(f"backup photos {1_000_000 - 26 * hour}", backups=backups) == []
    late = found(f"backup photos {1_000_000 - 27 * hour}", backups=backups)
    assert late == ["the newest backup of photos is 27 hours old"]


@pytest.mark.parametrize(
    ("kind", "version", "what"),
    [
        ("gitea", "1.26.0", ["Gitea 1.26.0 of git.example.org lacks the patches up to 1.26.4"]),
        ("gitea", "1.24.7", ["Gitea 1.24.7 of git.example.org gets no patches any more"]),
        ("gitea", "1.26.4", []),
        ("gitea", "1.28.0", []),
        ("forgejo", "14.0.2", ["Forgejo 14.0.2 of git.example.org gets no patches any more"]),
        ("forgejo", "15.0.3", []),
    ],
)
def test_a_forge_that_lacks_patches(kind: str, version: str, what: list[str]) -> None:
    site = {"kind": kind, "version": version, "sha256": "0" * 64, "email": "me@example.org"}
    assert found(sites={"git.example.org": site}, without="certificate") == what


def test_what_has_no_data_needs_no_backup() -> None:
    backups, services = {"recipient": "key.asc"}, {"watchtower": {}, "wireguard": {"host": "vpn.example.org"}}
    assert found(backups=backups, services=services) == ["wireguard has no backup"]


def test_without_a_firewall_every_open_port_is_serious() -> None:
    said = found("ufw inactive", "listen tcp 0.0.0.0 9000 python3", without="ufw")
    assert said == ["python3 listens on 9000/tcp for everyone", "the firewall is off"]


def test_a_port_that_a_rule_made_by_hand_opens_is_serious() -> None:
    said = found("let_in 9000/tcp", "listen tcp 0.0.0.0 9000 python3", "listen tcp 0.0.0.0 9001 python3")
    assert said == ["python3 listens on 9000/tcp for everyone", "! python3 listens on 9001/tcp for everyone"]


@pytest.mark.parametrize(("firewall", "advised"), [("", False), ("ufw inactive", True)])
def test_a_port_that_the_firewall_keeps_is_not_to_be_opened(firewall: str, advised: bool) -> None:
    facts = [firewall] if firewall else []
    mends = mending(*facts, "listen tcp 0.0.0.0 9000 python3", without="ufw" if firewall else "")
    assert ("security.firewall.allow" in mends["python3 listens on 9000/tcp for everyone"]) == advised


def test_what_is_declared_is_no_finding() -> None:
    allowed = {"firewall": {"allow": ["9000/tcp", "60000:61000/udp"]}}
    assert found("listen tcp * 9000 x", "listen udp * 60500 mosh-server", security=allowed) == []
    vpn = {"vpn": {"kind": "wireguard", "host": "vps.example.org"}}
    assert found("published /vpn 0.0.0.0 51820 51820/udp", services=vpn) == []
    keys = {"ci": {"public": f"{KEY[:-1]}A", "push": ["old.example.org"]}}
    assert found(f"key deploy {KEY[:-1]}A ci", keys=keys) == []


def test_passwords_that_are_wished_are_only_remarked() -> None:
    said = found(
        "sshd passwordauthentication yes", without="sshd passwordauth", security={"ssh": {"passwords": True}}
    )
    assert said == ["! sshd says: passwordauthentication yes"]


def test_every_finding_says_why_and_what_mends_it() -> None:
    config = Config.model_validate({"sites": SITES})
    for each in findings(
        read_evidence("now 1\nupgrade a\nreboot\nreadable /x\nlisten tcp * 1 a"), config, ()
    ):
        assert each.why
        assert each.mend


def test_what_mends_names_the_file_and_keys_that_can_be_put_together() -> None:
    config = Config.model_validate({"sites": SITES, "security": False})
    seen = read_evidence(
        "now 1\nsudo /etc/sudoers.d/berta berta ALL=(ALL) NOPASSWD: ALL\nsshd permitrootlogin yes\n"
        "sshd passwordauthentication yes\nlisten tcp * 9000 x\nreboot"
    )
    mends = [each.mend for each in findings(seen, config, ())]
    assert any(mend.startswith("visudo -f /etc/sudoers.d/berta ") for mend in mends)
    assert "security.ssh.passwords: false   # in sites.yaml" in mends
    assert not [mend for mend in mends if "security: " in mend]
