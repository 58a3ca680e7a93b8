"""What goes with an apply of some sites, what waits for one of all, and what the others keep."""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.parts import sections
from deployer.parts.fail2ban import JAILS
from deployer.parts.firewall import FIREWALL
from deployer.planning.comparing import make_plan
from deployer.planning.plan import Plan
from deployer.planning.stages import in_the_end
from deployer.report.changes import plan_lines
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from deployer.seen.ufw import UfwState
from deployer.tasks.converge import Convergence
from golden.server import FOLDERS, golden
from planning.test_plan import ACME
from planning.test_plan import seen as there

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC022uwG5vjIQbBGX2S7cc/zOKqjEV4ELJCdhVS2xsKx"
BLOG = {
    "kind": "static",
    "https": False,
    "repository": "https://git.example.org/blog.git",
    "before": "true",
    "after": "true",
}
PROXY = {"kind": "proxy", "port": 9000, "https": False}
CHAT = {"kind": "ntfy", "https": False, "port": 8101}
VPN = {"kind": "wireguard", "host": "192.0.2.7", "port": 51831, "vpn_port": 51830}
WAS: dict[str, Any] = {
    "security": {"firewall": {}, "fail2ban": {}, "ssh": {}, "updates": {}, "sysctl": True},
    "backups": {"recipient": "backup-key.asc", "folders": {"photos": ["/srv/photos"]}},
    "updates": {"at": "04:00"},
    "keys": {"ada": {"public": KEY, "push": ["blog.test"]}},
    "git_hosts": {"git.example.org": KEY.partition(" me")[0]},
    "sites": {"blog.test": BLOG, "blog.test.example": BLOG, "chat.test": CHAT},
    "services": {"vpn": VPN},
}
FACTS = Facts("debian", "13", ssh_ports=frozenset({22}))


@cache
def loaded(text: str) -> Config:
    with TemporaryDirectory() as folder:
        shutil.copy(FOLDERS["services"] / "backup-key.asc", folder)
        (Path(folder) / "sites.yaml").write_text(text)
        return load(Path(folder) / "sites.yaml")


def config(sections: Mapping[str, Any]) -> Config:
    """A sites.yaml, which may be JSON."""
    return loaded(json.dumps({key: value for key, value in sections.items() if value is not None}))


def server(sections: Mapping[str, Any] = WAS, facts: Facts = FACTS) -> Observation:
    """What a whole apply has left."""
    return there(in_the_end(config(sections), facts).files, facts)


def plan(now: Mapping[str, Any], *scope: str, seen: Observation | None = None) -> Plan:
    seen = seen or server()
    desired = in_the_end(config(WAS | now), seen.facts, scope or None)
    return make_plan(desired, seen, ACME, scope or None)


def removed(plan: Plan) -> list[str]:
    return [change.path for change in plan.changes if change.after is None]


def entry(section: str, name: str, **keys: object) -> dict[str, Any]:
    """The section with other keys of this entry; those of None are left out."""
    given = {key: value for key, value in {**WAS[section].get(name, {}), **keys}.items() if value is not None}
    return {section: {**WAS[section], name: given}}


def without(section: str, name: str) -> dict[str, Any]:
    return {section: {key: value for key, value in WAS[section].items() if key != name}}


def off(name: str) -> dict[str, Any]:
    return {"security": {**WAS["security"], name: False}}


def test_a_server_as_it_shall_be_has_an_empty_plan_in_every_scope() -> None:
    for scope in ((), ("chat.test",), ("blog.test", "vpn")):
        assert not plan({}, *scope).changes
        assert not plan({}, *scope).left


@pytest.mark.parametrize(
    ("now", "scope", "goes"),
    [
        ({"backups": None}, "chat.test", ["/etc/deploy/backup/chat.test"]),
        (entry("sites", "chat.test", backup=False), "chat.test", ["/etc/deploy/backup/chat.test"]),
        (entry("services", "vpn", backup=False), "vpn", ["/etc/deploy/backup/vpn"]),
        (entry("services", "vpn", backup=False), "chat.test", []),
        (entry("sites", "blog.test", before=None), "blog.test", ["/etc/deploy/hooks/blog.test.before"]),
        (entry("sites", "blog.test", after=None), "blog.test", ["/etc/deploy/hooks/blog.test.after"]),
        (entry("sites", "blog.test.example", after=None), "blog.test", []),
        (
            {"sites": {**WAS["sites"], "blog.test": PROXY}, "keys": None},
            "blog.test",
            [
                "/etc/deploy/hooks/blog.test.after",
                "/etc/deploy/hooks/blog.test.before",
                "/etc/deploy/sites/blog.test.conf",
                "/etc/sysusers.d/deploy-blog.test.conf",
            ],
        ),
        (
            {"sites": {**WAS["sites"], "chat.test": BLOG}},
            "chat.test",
            ["/etc/deploy/backup/chat.test", "/opt/chat.test/docker-compose.yml"],
        ),
        (without("sites", "chat.test"), "blog.test", []),
        ({"keys": None}, "blog.test", []),
    ],
)  # fmt: skip
def test_what_is_of_a_name_goes_with_it(now: dict[str, Any], scope: str, goes: list[str]) -> None:
    assert removed(plan(now, scope)) == goes


@pytest.mark.parametrize(
    ("now", "off"),
    [
        ({"backups": None}, "backups"),
        ({"backups": {"recipient": "backup-key.asc"}}, "backups.folders.photos"),
        ({"keys": None}, "keys"),
        ({"git_hosts": None}, "git_hosts"),
        ({"updates": None, "keys": None}, "keys, updates"),
        *((off(part), f"security.{part}") for part in WAS["security"]),
    ],
)
def test_what_all_share_waits_and_is_told(now: dict[str, Any], off: str) -> None:
    some, every = plan(now, "blog.test"), plan(now)
    told = f"off in sites.yaml, and on the server until deploy apply without names: {off}"
    assert some.left == (told,)
    assert not some.changes
    assert f"! {told}" in list(plan_lines(some, "vps"))
    assert not every.left
    assert removed(every)


def lines(plan: Plan, path: str) -> tuple[set[str], set[str]]:
    """The lines that a file would lose, and those that it would get."""
    texts = [{*server().files[path].content.decode().splitlines()}] * 2
    for change in plan.changes:
        if change.path == path:
            texts = [{*file.content.decode().splitlines()} for file in (change.before, change.after)]
    return texts[0] - texts[1], texts[1] - texts[0]


OPEN, LOGGED = "51830/udp vpn", "          /var/log/nginx/{}.access.log"
NOT_BLOG = without("sites", "blog.test") | {"keys": None}
MOVED = entry("services", "vpn", vpn_port=4500)
NEW_VPN = entry("services", "new", **VPN | {"port": 51832, "vpn_port": 4500})
NEW = entry("sites", "new.test", **PROXY)


@pytest.mark.parametrize(
    ("now", "scope", "path", "loses", "gets"),
    [
        (without("services", "vpn"), (), FIREWALL, {OPEN}, set()),
        (without("services", "vpn"), ("chat.test",), FIREWALL, set(), set()),
        (MOVED, ("vpn",), FIREWALL, {OPEN}, {"4500/udp vpn"}),
        (MOVED, ("chat.test",), FIREWALL, set(), set()),
        (NEW_VPN, ("new",), FIREWALL, set(), {"4500/udp new"}),
        (NEW_VPN, ("chat.test",), FIREWALL, set(), set()),
        (NOT_BLOG, (), JAILS, {LOGGED.format("blog.test")}, set()),
        (NOT_BLOG, ("chat.test",), JAILS, set(), set()),
        (NEW, ("new.test",), JAILS, set(), {LOGGED.format("new.test")}),
        (NEW, ("chat.test",), JAILS, set(), set()),
    ],
)  # fmt: skip
def test_a_shared_list_keeps_the_lines_of_what_stays(
    now: dict[str, Any], scope: tuple[str, ...], path: str, loses: set[str], gets: set[str]
) -> None:
    assert lines(plan(now, *scope), path) == (loses, gets)


def test_a_firewall_that_is_turned_on_with_one_site_lets_in_what_the_others_have() -> None:
    without_firewall = {key: file for key, file in server().files.items() if "firewall" not in key}
    found = plan(NEW_VPN, "chat.test", seen=there(without_firewall, FACTS))
    (written,) = (change.after for change in found.changes if change.path == FIREWALL)
    assert OPEN in written.content.decode()
    assert "4500/udp new" not in written.content.decode()


def test_ufw_is_not_told_to_close_what_stays_open() -> None:
    rules = frozenset(f"allow {port}" for port in ("22/tcp", "80/tcp", "443/tcp", "51830/udp"))
    ufw = UfwState(True, True, False, rules, frozenset(), managed=True)
    seen = server(facts=replace(FACTS, ufw=ufw))
    gone = without("services", "vpn")
    assert plan(gone, "chat.test", seen=seen).drift == {}
    assert [*plan(gone, seen=seen).drift] == [FIREWALL]


def test_what_is_held_keeps_its_port_open() -> None:
    held = {"vpn": "it did not come up"}
    found = make_plan(in_the_end(config(WAS | MOVED), FACTS), server(), ACME, left=held)
    assert not [change for change in found.changes if change.path == FIREWALL]


def test_the_files_by_which_a_section_is_on_are_those_that_servers_have() -> None:
    there = {path for each in FOLDERS for path in golden("debian-13", each).files}
    for pattern, section in sections():
        assert any(re.fullmatch(pattern, path) for path in there), section


def test_a_name_that_stays_with_a_site_holds_the_one_that_shall_have_it() -> None:
    def held(was: dict[str, Any], now: dict[str, Any], *scope: str, **facts: Any) -> list[str]:
        changed = WAS | {"services": {}} | now
        run = Convergence(None, config(changed), scope or None, print, print)  # type: ignore[arg-type]
        seen = server(WAS | {"services": {}} | was)
        found = run.plan(replace(seen, facts=replace(seen.facts, **facts)))
        return [reason for name, reason in found.held.items() if name == "chat.test"]

    has, gets = (entry("sites", name, aliases=["www.test"]) for name in ("blog.test", "chat.test"))
    stays = ["blog.test has the name www.test until that is applied, too"]
    assert held(has, gets, "chat.test") == stays
    assert held(has, gets, "chat.test", "blog.test") == held(has, gets) == []
    gone = {"sites": {"chat.test": {**CHAT, "aliases": ["blog.test"]}}, "keys": None}
    told = "blog.test has the name blog.test until deploy apply without names"
    assert held({}, gone, "chat.test") == [told]
    assert held({}, gone) == []
    by_hand = {"new.test": "/etc/nginx/conf.d/mine.conf"}
    more = {"sites": {**gets["sites"], "blog.test": {**BLOG, "aliases": ["new.test"]}}}
    assert held(has, more, taken_names=by_hand) == stays
