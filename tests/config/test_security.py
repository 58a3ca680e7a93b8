"""The section `security`: on by default, each part off by `false`, and nothing that locks out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer.config.loader import validate
from deployer.config.model import Config
from deployer.config.security import NONE
from deployer.files import File
from deployer.parts import fail2ban, firewall, handlers_of, swap, sysctl, unattended_upgrades
from deployer.parts import sshd as ssh
from deployer.parts.firewall import open_ports
from deployer.parts.sshd import SSH_SOCKET, SSHD, port_notes
from deployer.planning.desired import desired_files
from deployer.seen.facts import Facts
from deployer.shares.share import total
from deployer.values.quantities import Plain

FACTS = Facts("debian", "13")
SERVER = {"host": "vps.example.org", "user": "alma"}


def config(security: Any = None, **more: Any) -> Config:
    document = {"server": SERVER, **more}
    return Config.model_validate(document if security is None else document | {"security": security})


def security_files(made: Config, facts: Facts) -> dict[str, File]:
    parts = (fail2ban, firewall, ssh, swap, sysctl, unattended_upgrades)
    return {**total(part.share(made, facts) for part in parts).files}


def sshd(made: Config) -> str:
    return security_files(made, FACTS)[SSHD].content.decode()


def test_without_the_section_all_is_on_but_swap() -> None:
    made = config()
    assert made == config({}) == config(Plain("true"))
    security = made.security
    assert security.firewall
    assert security.fail2ban
    assert security.ssh
    assert security.updates
    assert security.sysctl
    assert security.swap is None


def test_false_turns_all_off_or_one_part() -> None:
    made = config(Plain("false"))
    assert made.security == NONE
    assert security_files(made, FACTS) == {}
    parts = ("firewall", "fail2ban", "ssh", "updates", "sysctl")
    assert config(dict.fromkeys(parts, Plain("false"))).security == NONE
    for part in parts:
        made = config({part: Plain("false")})
        assert not getattr(made.security, part)
        assert len(security_files(made, FACTS)) < len(security_files(config(), FACTS))


@pytest.mark.parametrize(
    ("security", "message"),
    [
        ({"firewall": {"allow": ["25"]}}, "expected a port such as 8448/tcp"),
        ({"firewall": {"allow": ["0/tcp"]}}, "expected a port such as"),
        ({"firewall": {"allow": ["70000/tcp"]}}, "expected a port such as"),
        ({"firewall": {"allow": ["9:8/udp"]}}, "expected a port such as"),
        ({"firewall": {"allow": ["25/tcp; reboot"]}}, "expected a port such as"),
        ({"fail2ban": {"ignore": ["192.0.2.1/24"]}}, "is not an IP address, nor a network"),
        ({"fail2ban": {"ignore": ["example.org"]}}, "is not an IP address, nor a network"),
        ({"ssh": {"root": "yes"}}, "expected 'keys-only' or 'no'"),
        ({"ssh": {"allow_users": ["a b"]}}, "is not a user name"),
        ({"undo_after": "3m"}, "expected a duration from 10s to 2m"),
        ({"undo_after": "0"}, "expected a duration from 10s to 2m"),
        ({"firewal": {}}, "unknown key 'firewal' (did you mean 'firewall'?)"),
        (Plain("off"), "expected a section with keys, not 'off'"),
    ],
)
def test_what_is_wrong_is_told(security: Any, message: str, tmp_path: Any) -> None:
    _, found = validate({"server": SERVER, "security": security}, tmp_path)
    assert message in found[0].message


def test_who_applies_is_never_locked_out(tmp_path: Any) -> None:
    wrong = {"server": {"host": "vps.example.org"}, "security": {"ssh": {"root": "no"}}}
    _, found = validate(wrong, tmp_path)
    assert [finding.where for finding in found] == ["security.ssh.root"]
    assert "AllowUsers alma berta\n" in sshd(config({"ssh": {"allow_users": ["berta", "alma"]}}))
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
    site = {"old.example.org": {"kind": "redirect", "to": "https://example.org"}}
    keys = {"ci": {"public": key, "push": ["old.example.org"]}}
    made = config({"ssh": {"allow_users": []}}, keys=keys, sites=site)
    assert "AllowUsers alma deploy\n" in sshd(made)
    assert "AllowUsers" not in sshd(config())


def test_a_host_key_that_is_pinned_stays() -> None:
    made = config()
    server = made.server.model_copy(update={"host_key": "ecdsa-sha2-nistp256 AAAA"})
    pinned = made.model_copy(update={"server": server})
    assert "HostKeyAlgorithms" not in sshd(pinned)
    assert "HostKeyAlgorithms -ecdsa-*" in sshd(config())


def test_the_ports_are_those_that_are_in_use_and_declared() -> None:
    services = {"vpn": {"kind": "wireguard", "host": "vps.example.org"}}
    made = config({"firewall": {"allow": ["25/tcp", "60000:61000/udp"]}}, services=services)
    facts = Facts("debian", "13", ssh_ports=(22, 2222))
    assert list(open_ports(made, facts)) == [
        "22/tcp",
        "25/tcp",
        "80/tcp",
        "443/tcp",
        "2222/tcp",
        "51820/udp",
        "60000:61000/udp",
    ]
    assert open_ports(made, facts)["51820/udp"] == "vpn"
    assert next(iter(open_ports(config(server=None), FACTS))) == "22/tcp"


def test_ssh_moves_to_another_port_by_way_of_both() -> None:
    made = config({"ssh": {"port": 2222}})
    assert "\nPort 22\nPort 2222\n" in sshd(made)
    assert {"22/tcp", "2222/tcp"} <= set(open_ports(made, FACTS))
    (note,) = port_notes(made, replace(FACTS, ssh_ours=22))
    assert "`port: 2222` below `server:`" in note
    wanted = desired_files(made, replace(FACTS, ssh_ours=22))
    assert (wanted.pressing, note in wanted.notes) == ((note,), False), "it is told though nothing changes"
    moved = config({"ssh": {"port": 2222}}, server=SERVER | {"port": 2222})
    there = replace(FACTS, ssh_ours=2222, ssh_ports=(22, 2222), ssh_configured=(22, 2222))
    assert security_files(moved, there)[SSHD].content.decode().count("Port ") == 1
    assert "22/tcp" not in open_ports(moved, there)
    assert port_notes(moved, there) == ()
    assert "\nPort " not in sshd(config())


def test_where_systemd_listens_for_sshd_it_is_its_socket_that_moves() -> None:
    by_socket = replace(FACTS, ssh_ours=22, ssh_ports=(22,), ssh_configured=(22,), ssh_socket=True)
    made = config({"ssh": {"port": 2222}})
    socket = security_files(made, by_socket)[SSH_SOCKET].content.decode()
    assert socket.endswith("\nListenStream=\nBindIPv6Only=both\nListenStream=22\nListenStream=2222\n")
    assert SSH_SOCKET not in security_files(made, replace(by_socket, ssh_socket=False))
    assert SSH_SOCKET not in security_files(config(), by_socket)
    assert [each.live for each in handlers_of([SSH_SOCKET]) if each.guarded] == ["move_ssh_socket"]
    (note,) = port_notes(config(), replace(by_socket, ssh_unheard=(2222,)))
    assert note.startswith("sshd's files say port 2222, and open nothing by that: systemd listens for sshd")


def test_behind_a_forwarded_port_it_is_where_sshd_listens_that_counts() -> None:
    forwarded = config({"ssh": {"port": 22}}, server=SERVER | {"port": 40022})
    assert (
        "\nPort 22\nPassword" in security_files(forwarded, replace(FACTS, ssh_ours=22))[SSHD].content.decode()
    )


def test_ssh_cannot_listen_where_others_do() -> None:
    sites = {"a.example.org": {"kind": "proxy", "port": Plain("2222")}}
    for port, wrong in (("443", "that of NGINX itself"), ("2222", "that of SSH itself")):
        _, findings = validate(
            {"server": SERVER, "security": {"ssh": {"port": Plain(port)}}, "sites": sites}, Path()
        )
        assert [wrong in finding.message for finding in findings] == [True]
