"""Monitors from sites.yaml to an Uptime Kuma: what is planned is written, and then nothing is left."""

import json
from pathlib import Path
from typing import Any

import pytest

from deployer.errors import DeployError
from deployer.outside.socket_io import Talk
from deployer.report.plan_document import as_json
from outside.cloudflare import Cloudflare
from outside.kuma import PASSWORD, USER, Kuma
from outside.monitored import KEEPER, SITES, Run
from outside.provider import HTML


def test_each_site_has_a_monitor_and_then_nothing_is_left(tmp_path: Path, kuma: Kuma) -> None:
    services = {"runner": {"kind": "gitea-runner", "instance": "https://git.example.org", "token": "env:X"}}
    more: dict[str, Any] = {"services": services, "updates": {"at": "04:00"}}
    run = Run(tmp_path, kuma.address, **more)
    assert run.paths == [
        *("sites/plain.example.org", "sites/www.example.org", "services/runner", "updates/updates")
    ]
    assert run.lines[-2] == (
        "! what has no page is told by deploy watch: until it runs at home, that counts as down"
    )
    assert run.lines[-1] == "vps.example.org: 4 monitors to add."
    assert "    +keyword: Welcome" in run.lines
    (first, *_) = json.loads(as_json(run.plan, "vps.example.org"))["files"]
    assert (first["path"], first["action"], first["site"]) == (
        *("uptime_kuma:sites/plain.example.org", "add", "plain.example.org"),
    )
    assert run.apply(), run.said
    assert run.said == ["✓ uptime_kuma 4 changed"]
    www, runner = kuma.named("www.example.org"), kuma.named("runner")
    assert (www["type"], www["url"], www["keyword"]) == ("keyword", "https://www.example.org/", "Welcome")
    assert www["description"].startswith("deploy: sites/www.example.org on vps.example.org, ")
    assert www["notificationIDList"] == {"3": True}, "who is told of new monitors is told of this"
    assert (runner["type"], len(runner["pushToken"])) == ("push", 32)
    assert kuma.named("plain.example.org")["url"] == "http://plain.example.org/"
    again = Run(tmp_path, kuma.address, **more)
    assert again.plan.empty
    assert not again.plan.blind
    fewer = Run(tmp_path, kuma.address, heartbeats=False, **more)
    assert fewer.paths == ["services/runner", "updates/updates"]
    assert fewer.lines[-1] == "vps.example.org: 2 monitors to remove."
    watched = Run(tmp_path, kuma.address, watch={}, **more)
    assert watched.paths == ["watch/watch"]


def test_what_was_edited_by_hand_is_told_and_put_right_and_what_is_not_ours_stays(
    tmp_path: Path, kuma: Kuma
) -> None:
    mine = kuma.by_hand("plain.example.org")
    other = kuma.by_hand("x", description="deploy: sites/gone.example.org on other.example.org, 01234567")
    before = json.dumps([mine, other])
    first = Run(tmp_path, kuma.address)
    assert first.apply(), first.said
    assert "! Uptime Kuma has a monitor plain.example.org that is not ours: it stays beside it" in first.lines
    www = kuma.named("www.example.org")
    www["interval"], www["notificationIDList"], www["active"] = 3600, {"4": True}, False
    edited = Run(tmp_path, kuma.address)
    assert edited.paths == ["sites/www.example.org"]
    assert edited.lines[0] == "~ uptime_kuma:sites/www.example.org (edited by hand)"
    assert {"    -interval: 3600", "    +interval: 60"} <= {*edited.lines}
    assert "! paused in Uptime Kuma, 1 monitor: sites/www.example.org" in edited.lines
    assert edited.apply(), edited.said
    www = kuma.named("www.example.org")
    assert (www["interval"], www["notificationIDList"], www["active"]) == (60, {"4": True}, False)
    assert Run(tmp_path, kuma.address).plan.empty
    gone = Run(tmp_path, kuma.address, {})
    assert gone.lines[-1] == "vps.example.org: 2 monitors to remove."
    assert gone.apply()
    assert json.dumps([*kuma.monitors.values()]) == before


def test_only_what_is_in_scope_changes(tmp_path: Path, kuma: Kuma) -> None:
    one = Run(tmp_path, kuma.address, scope=["www.example.org"])
    assert one.paths == ["sites/www.example.org"]
    assert one.apply()
    held = Run(tmp_path, kuma.address, held={"plain.example.org": "it has no DNS"})
    assert held.paths == []
    ignored = {"www.example.org": SITES["www.example.org"]}
    assert Run(tmp_path, kuma.address, ignored, scope=["www.example.org"]).paths == []


def test_another_server_has_monitors_of_its_own(tmp_path: Path, kuma: Kuma) -> None:
    assert Run(tmp_path, kuma.address).apply()
    other = Run(tmp_path, kuma.address, {"a.example.org": SITES["www.example.org"]}, host="b.example.org")
    assert other.paths == ["sites/a.example.org"]
    assert other.apply()
    assert len(kuma.monitors) == 3
    assert Run(tmp_path, kuma.address).plan.empty


def test_a_copy_that_somebody_made_of_ours_is_left(tmp_path: Path, kuma: Kuma) -> None:
    assert Run(tmp_path, kuma.address).apply()
    copied = kuma.by_hand(
        "copied", description=kuma.named("www.example.org")["description"], url="https://b.example.org/"
    )
    assert Run(tmp_path, kuma.address).plan.empty
    gone = Run(tmp_path, kuma.address, {"plain.example.org": SITES["plain.example.org"]})
    assert gone.paths == ["sites/www.example.org"]
    assert gone.apply()
    assert copied["id"] in kuma.monitors


@pytest.mark.fault("an Uptime Kuma that refuses, is another version, or answers with something else")
@pytest.mark.parametrize(
    ("spoilt", "keeper", "said"),
    [
        ({"user": "another"}, KEEPER, "does not take the password of me"),
        ({"user": None}, KEEPER, "has no user yet. Open it in a browser and make one"),
        ({"second_factor": True}, KEEPER, "wants a second factor of me. Give it the token of a login"),
        ({"version": "1.23.16"}, KEEPER, "is version 1.23.16, which does not keep its monitors as version 2"),
        ({}, {"user": USER, "password": "env:NOT_THERE"}, "the environment has no NOT_THERE"),
        ({}, {"token": "env:KUMA_PASSWORD"}, "does not take the token"),
    ],
)
def test_what_it_refuses_is_told_and_stops_nothing(
    tmp_path: Path, kuma: Kuma, spoilt: dict[str, Any], keeper: dict[str, Any], said: str
) -> None:
    for name, value in spoilt.items():
        setattr(kuma, name, value)
    run = Run(tmp_path, kuma.address, keeper=keeper)
    assert len(run.plan.blind) == 1
    assert said in run.plan.blind[0]
    assert run.plan.empty
    assert any(line.startswith("✗ monitors: ") for line in run.lines)
    assert PASSWORD not in "".join(run.lines)
    assert not run.apply()


def test_the_token_of_a_login_stands_for_user_and_second_factor(tmp_path: Path, kuma: Kuma) -> None:
    kuma.second_factor = True
    run = Run(tmp_path, kuma.address, keeper={"token": "env:KUMA_TOKEN"})
    assert run.apply(), (run.plan.blind, run.said)
    assert len(kuma.monitors) == 2


def test_nobody_there_and_somebody_else_there(tmp_path: Path, kuma: Kuma, cloudflare: Cloudflare) -> None:
    nobody = Run(tmp_path, "http://127.0.0.1:9")
    assert nobody.plan.blind == (
        "Uptime Kuma at 127.0.0.1:9 cannot be reached. Is it at http://127.0.0.1:9?",
    )
    cloudflare.next.append(HTML)
    page = Run(tmp_path, f"http://127.0.0.1:{cloudflare.port}")
    assert "answers with something else than socket.io" in page.plan.blind[0]
    kuma.deaf.add("login")
    silent = pytest.raises(DeployError, match=r"^It does not answer within 0\.3 s$")
    with silent, Talk("It", kuma.address, 0.3) as talk:
        talk.call("login", {"username": USER, "password": PASSWORD})


@pytest.mark.fault("an Uptime Kuma that ends the connection in the middle of its monitors")
def test_what_was_cut_off_is_done_the_next_time(tmp_path: Path, kuma: Kuma) -> None:
    sites = {f"s{n}.example.org": {"kind": "proxy", "port": 9000 + n} for n in range(25)}
    kuma.ending = "add"
    cut = Run(tmp_path, kuma.address, sites)
    assert not cut.apply()
    assert cut.said[0].startswith("✗ uptime_kuma: Uptime Kuma at 127.0.0.1:")
    assert 0 < len(kuma.monitors) < 25
    kuma.ending = None
    rest = Run(tmp_path, kuma.address, sites)
    assert len(rest.paths) == 25 - len(kuma.monitors)
    assert rest.apply(), rest.said
    assert len(kuma.monitors) == 25, "none is there twice"
    assert Run(tmp_path, kuma.address, sites).plan.empty


def test_nothing_is_written_over_what_changed_since_the_plan(tmp_path: Path, kuma: Kuma) -> None:
    assert Run(tmp_path, kuma.address).apply()
    kuma.named("www.example.org")["interval"] = 120
    run = Run(tmp_path, kuma.address)
    kuma.named("www.example.org")["interval"] = 180
    assert not run.apply()
    assert "has changed since the plan was made" in run.said[0]
    assert kuma.named("www.example.org")["interval"] == 180
