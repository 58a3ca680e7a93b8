"""The rules of the walk can be broken: each says so of a server that is not as it shall be."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from vps.walk.live import Live
from vps.walk.refusals import matches
from vps.walk.round import Round
from vps.walk.rules import RULES
from vps.walk.rules_for_visitors import nobody_waits_for_others
from vps.walk.seen import Container, Seen
from vps.walk.steps.compose import Compose
from vps.walk.visitors import Answer

FILE = (1, 10, 0o100600, 0)
FILES = dict.fromkeys(
    ("/opt/a.test/.env", "/etc/deploy/backup/a.test", "/etc/nginx/conf.d/a.test.conf"), FILE
)
UFW = {
    "/etc/ufw/user.rules": b"### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n",
    "/etc/ufw/ufw.conf": b"ENABLED=yes",
}
TEXTS = dict.fromkeys(FILES, b"as it was") | UFW
NAMED = dict.fromkeys(
    ("/etc/nginx/conf.d/b.test.conf", "/etc/nginx/conf.d/c.test.conf"), b"    server_name www.test;\n"
)
GOOD = Seen((), frozenset(), FILES | dict.fromkeys(UFW, FILE), frozenset(), {}, TEXTS, frozenset())
ENTRY = Compose(owner="o1", port=8101)
LIVE = Live({"a.test": ENTRY}, stopped={"a.test"})
REFUSED = Live({"a.test": replace(ENTRY, version=2)}, stopped={"a.test"})
WELL = Round(
    LIVE,
    LIVE,
    LIVE,
    GOOD,
    GOOD,
    "",
    [],
    {"a.test": "503"},
    saved=frozenset({"a.test"}),
    open=frozenset({"22/tcp"}),
)


def seen(**changed: object) -> Seen:
    return replace(GOOD, **changed)  # type: ignore[arg-type]


def broken(one: Round) -> list[str]:
    return [rule.__name__ for rule in RULES if list(rule(one))]


def test_a_server_as_it_shall_be_breaks_no_rule() -> None:
    assert broken(WELL) == []


@pytest.mark.parametrize(
    ("rule", "one"),
    [
        ("names_answer", replace(WELL, answers={"a.test": "o2.1"})),
        ("words_are_for_people", replace(WELL, said="lock: line 84: UNIT: unbound variable")),
        ("nothing_else_runs", replace(WELL, after=seen(networks=frozenset({"gone"})))),
        ("nothing_else_runs", replace(WELL, after=seen(ports=frozenset({8102})))),
        (
            "each_name_is_of_one",
            replace(
                WELL,
                before=seen(texts=TEXTS | NAMED, files=GOOD.files | dict.fromkeys(NAMED, FILE)),
                after=seen(texts=TEXTS | NAMED, files=GOOD.files | dict.fromkeys(NAMED, FILE)),
            ),
        ),
        ("changes_are_told", replace(WELL, after=seen(files=GOOD.files | {"/etc/crontab": FILE}))),
        (
            "what_is_refused_is_as_it_was",
            replace(WELL, aimed=REFUSED, after=seen(texts=TEXTS | {"/opt/a.test/.env": b"other"})),
        ),
        (
            "what_is_refused_is_as_it_was",
            replace(
                WELL,
                aimed=REFUSED,
                said="- /usr/local/lib/deploy/ 82 scripts",
                before=seen(files=GOOD.files | {"/usr/local/lib/deploy/bin/push": FILE}),
            ),
        ),
        (
            "nothing_is_half_done",
            replace(WELL, after=seen(files=GOOD.files | {"/srv/deploy/a.test/work/before": FILE})),
        ),
        ("nothing_is_half_done", replace(WELL, unwell="nginx: [emerg] unknown directive")),
        (
            "secrets_are_for_root",
            replace(
                WELL,
                before=seen(files=GOOD.files | {"/opt/a.test/.env": (1, 10, 0o100644, 0)}),
                after=seen(files=GOOD.files | {"/opt/a.test/.env": (1, 10, 0o100644, 0)}),
            ),
        ),
        ("what_is_saved_is_set_up", replace(WELL, saved=frozenset())),
        ("firewall_is_as_wanted", replace(WELL, open=frozenset({"22/tcp", "80/tcp"}))),
        ("firewall_is_as_wanted", replace(WELL, after=seen(texts=TEXTS | {"/etc/ufw/ufw.conf": b"ENABLED=no"}))),
    ],
)  # fmt: skip
def test_a_rule_sees_what_is_wrong(rule: str, one: Round) -> None:
    assert broken(one) == [rule]


@pytest.mark.parametrize(
    "said",
    ["+ 4 sites with 9 files: b.test, c.test, d.test, e.test", "    the same in 2 more: c.test, d.test"],
)
def test_a_plan_in_short_tells_of_the_files_of_those_that_it_names(said: str) -> None:
    files = dict.fromkeys(("/etc/nginx/conf.d/c.test.conf", "/opt/d.test/docker-compose.yml"), FILE)
    more = files | {"/opt/c.test2/app.yml": FILE}
    assert broken(replace(WELL, said=said, after=seen(files=GOOD.files | files))) == []
    assert broken(replace(WELL, said=said, after=seen(files=GOOD.files | more))) == ["changes_are_told"]


def test_a_name_waits_for_others_only_where_it_comes_back() -> None:
    """Who was to have it as an alias may be refused: then it is gone with the one who had it."""
    alone = replace(ENTRY, owner="o2", port=8102)
    had = Live({"a.test": ENTRY, "b.test": alone})
    has = Live({"a.test": ENTRY, "b.test": replace(alone, port=8103)})
    container = Container("id", "atest", "/opt/a.test", 2.5, 3.5, True, frozenset())
    asked = [Answer(at, "b.test", "502") for at in (2.0, 4.0)]
    one = replace(WELL, was=had, aimed=has, now=has, asked=asked, after=seen(containers=(container,)))
    assert list(nobody_waits_for_others(one)) == ["b.test was down while atest came up, for 2.0 s"]
    assert not list(nobody_waits_for_others(replace(one, now=Live({"a.test": ENTRY}))))


def test_a_service_that_stays_though_it_was_to_go_is_seen_by_its_values(tmp_path: Path) -> None:
    walk = SimpleNamespace(vps=SimpleNamespace(root=tmp_path), live=Live({"alpha": ENTRY}))
    assert matches(walk, "alpha", Live(), {})  # type: ignore[arg-type]
    values = tmp_path / "etc/deploy/sites/alpha.conf"
    values.parent.mkdir(parents=True)
    values.touch()
    assert not matches(walk, "alpha", Live(), {})  # type: ignore[arg-type]


def test_what_is_mended_is_still_refused_for_what_else_is_wrong_with_it() -> None:
    both = replace(ENTRY, broken=True, refused=True)
    assert replace(both, broken=False).reason == "NGINX refuses its file"
    assert replace(both, refused=False).reason == "its container ends with 3"
    assert ENTRY.reason == ""
