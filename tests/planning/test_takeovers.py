"""Who was to have something of what stays as it is waits, too: names, ports, projects, folders."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deployer.config.model import Config
from deployer.files import File
from deployer.planning.comparing import make_plan
from deployer.planning.plan import Plan
from deployer.planning.stages import at_once, in_the_end
from deployer.planning.takeovers import takeovers
from deployer.seen.facts import Certificate, Facts
from deployer.seen.observation import Observation
from deployer.seen.stacks import Stack
from planning.test_plan import ACME
from planning.test_plan import seen as there

FACTS = Facts("debian", "13", engine=True)
Sites = Mapping[str, Mapping[str, Any]]


def chat(port: int, **more: Any) -> dict[str, Any]:
    return {"kind": "ntfy", "https": False, "port": port, **more}


def proxy(port: int, **more: Any) -> dict[str, Any]:
    return {"kind": "proxy", "https": False, "port": port, **more}


def redirect(*aliases: str, **more: Any) -> dict[str, Any]:
    return {"kind": "redirect", "to": "https://example.org", "https": False, "aliases": [*aliases], **more}


def config(sites: Sites) -> Config:
    return Config.model_validate({"sites": sites})


def server(was: Sites, *stopped: str) -> Observation:
    """What an apply of these sites has left; containers of those that have stopped do not run."""
    wanted = in_the_end(config(was), FACTS)
    stacks = {
        each.project: Stack(each.project, each.folder, True, frozenset() if name in stopped else each.ports)
        for name, each in wanted.coming.items()
    }
    return there(wanted.files, replace(FACTS, stacks=stacks))


def plan(now: Sites, seen: Observation, *scope: str, left: Mapping[str, str] | None = None) -> Plan:
    return make_plan(in_the_end(config(now), seen.facts), seen, ACME, scope or None, left=left)


def held(was: Sites, now: Sites, *left: str, stopped: tuple[str, ...] = ()) -> dict[str, str]:
    """Those that wait when these are left as they are."""
    found = plan(now, server(was, *stopped), left=dict.fromkeys(left, "it is broken")).held
    return {name: why for name, why in found.items() if name not in left}


def changes(was: Sites, now: Sites) -> list[str]:
    seen = server(was)
    found = takeovers(in_the_end(config(now), seen.facts), seen)
    return [f"{each.new} {each.what} {each.old}" for each in found]


def test_nothing_changes_hands_where_each_keeps_what_it_has() -> None:
    was = {"a.test": chat(8101), "b.test": redirect("www.b.test"), "c.test": proxy(8101)}
    assert changes(was, was) == []
    assert changes(was, {**was, "c.test": proxy(8102), "d.test": proxy(8101)}) == [], (
        "it leads to a.test, as the other did, and as several may"
    )
    assert changes({"c.test": proxy(8101)}, {"d.test": proxy(8101)}) == []
    assert changes({"c.test": proxy(8101)}, {"c.test": proxy(8101), "a.test": chat(8101)}) == []


def test_whatever_changes_hands_is_known() -> None:
    was = {
        "a.test": chat(8101, aliases=["www.test"]),
        "b.test": chat(8102, project="one"),
        "c.test": chat(8103, directory="/opt/first"),
        "d.test": proxy(8104),
        "e.test": redirect(),
    }
    now = {
        "a.test": chat(8106),
        "b.test": chat(8101, project="two"),
        "c.test": chat(8103, directory="/opt/second"),
        "d.test": proxy(8102, aliases=["e.test"]),
        "f.test": redirect("www.test"),
        "g.test": chat(8104, project="one", directory="/opt/first"),
    }
    assert changes(was, now) == [
        "b.test port 8101 a.test",
        "d.test port 8102 b.test",
        "d.test the name e.test e.test",
        "f.test the name www.test a.test",
        "g.test the Compose project one b.test",
        "g.test the folder /opt/first c.test",
        "g.test port 8104 d.test",
    ]


def test_a_volume_with_a_name_of_its_own_is_of_one_at_a_time() -> None:
    was = {"a.test": chat(8101)}
    seen, wanted = server(was), in_the_end(config({**was, "b.test": chat(8102)}), FACTS)
    path, file = (
        "/opt/a.test/docker-compose.yml",
        b"volumes: {data: {name: shop_data}, more: {name: shop_data2}}",
    )
    seen = replace(seen, files={**seen.files, path: File(file)})
    coming = {
        name: replace(
            each, of_any_name=frozenset({"shop_data", "/srv/photos"}) if name == "b.test" else frozenset()
        )
        for name, each in wanted.coming.items()
    }
    (found,) = takeovers(replace(wanted, coming=coming), seen)
    assert (found.new, found.old, found.what) == ("b.test", "a.test", "the volume shop_data")
    both = {name: replace(each, of_any_name=frozenset({"shop_data"})) for name, each in coming.items()}
    assert takeovers(replace(wanted, coming=both), seen) == ()


def test_who_takes_something_of_what_is_left_as_it_is_waits_and_so_does_who_takes_something_of_that() -> None:
    was = {"a.test": redirect("www.test"), "b.test": redirect("b.example"), "c.test": proxy(8101)}
    now = {
        "a.test": redirect(),
        "b.test": redirect("www.test"),
        "c.test": proxy(8102, aliases=["b.example"]),
        "d.test": chat(8101),
        "e.test": redirect(),
    }
    assert held(was, now) == {}
    assert held(was, now, "a.test") == {
        "b.test": "a.test has the name www.test until that is applied, too",
        "c.test": "b.test has the name b.example until that is applied, too",
        "d.test": "c.test has port 8101 until that is applied, too",
    }
    assert held(was, now, "b.test").keys() == {"c.test", "d.test"}
    assert held(was, {**now, "a.test": redirect("b.example"), "c.test": proxy(8101)}, "a.test") == {
        "b.test": "a.test has the name www.test until that is applied, too"
    }


def test_two_that_change_places_stay_together() -> None:
    was = {"a.test": redirect("one.test"), "b.test": redirect("two.test")}
    now = {"a.test": redirect("two.test"), "b.test": redirect("one.test")}
    assert held(was, now, "a.test").keys() == {"b.test"}
    assert held(was, now, "b.test").keys() == {"a.test"}


def test_what_does_not_run_keeps_the_port_to_which_its_visitors_are_led() -> None:
    was, now = {"a.test": chat(8101)}, {"a.test": chat(8102), "b.test": chat(8101)}
    waits = {"b.test": "a.test has port 8101 until that is applied, too"}
    assert held(was, now, "a.test") == waits
    seen = server(was, "a.test")
    values = "/etc/deploy/sites/a.test.conf"
    removed = replace(seen, files={path: file for path, file in seen.files.items() if path != values})
    for each in (seen, removed):
        found = plan(now, each, left={"a.test": "it is broken"}).held
        assert {name: why for name, why in found.items() if name != "a.test"} == waits


def test_what_is_not_named_keeps_what_it_has() -> None:
    was = {"a.test": redirect("www.test"), "b.test": chat(8101, project="one"), "e.test": redirect()}
    now = {
        "a.test": redirect(),
        "b.test": chat(8102, project="two"),
        "c.test": redirect("www.test"),
        "d.test": chat(8103, project="one", aliases=["e.test"]),
    }
    seen = server(was)
    assert plan(now, seen, "c.test").held == {
        "c.test": "a.test has the name www.test until that is applied, too"
    }
    assert plan(now, seen, "b.test", "d.test").held == {
        "d.test": "e.test has the name e.test until deploy apply without names"
    }
    assert plan(now, seen, "a.test", "c.test").held == {}


def test_who_waits_for_its_certificate_keeps_its_name_until_then() -> None:
    was = {"a.test": redirect("www.test"), "b.test": redirect()}
    now = config({"a.test": redirect(https=True), "b.test": redirect("www.test")})
    seen = server(was)
    later = in_the_end(now, seen.facts)
    first = make_plan(
        at_once(now, seen.facts, later, seen.files),
        seen,
        ACME,
        later=later.files,
        changing_hands=takeovers(later, seen),
    )
    assert first.held == {"b.test": "a.test has the name www.test until that is applied, too"}
    covered = {"a.test": Certificate(frozenset({"a.test"}), 0, "", ACME)}
    seen = replace(seen, facts=replace(seen.facts, certificates=covered))
    assert make_plan(in_the_end(now, seen.facts), seen, ACME).held == {}


def test_a_name_is_free_when_whoever_has_it_has_come_up_elsewhere() -> None:
    def leads(was: Sites, now: Sites) -> dict[str, str]:
        found = plan(now, server(was))
        return {path.split("/")[-1].removesuffix(".conf"): name for path, name in found.leads.items()}

    has, gives = chat(8101, aliases=["www.test"]), chat(8102)
    assert leads({"a.test": has}, {"a.test": gives, "b.test": redirect("www.test")}) == {
        "a.test": "a.test",
        "b.test": "a.test",
    }, "in one reload"
    renamed = {"c.test": chat(8101), "b.test": redirect("www.test")}
    assert leads({"a.test": has}, renamed) == dict.fromkeys(("a.test", "b.test", "c.test"), "c.test"), (
        "or it stays, and until then so does the file of the one that goes"
    )
    chain = {"a.test": gives, "b.test": redirect("www.test"), "c.test": redirect("b.example")}
    assert leads({"a.test": has, "b.test": redirect("b.example")}, chain) == dict.fromkeys(
        ("a.test", "b.test", "c.test"), "a.test"
    )
    assert leads({"a.test": chat(8101)}, {"a.test": gives, "p.test": proxy(8101)}) == {
        "a.test": "a.test",
        "p.test": "a.test",
    }, "nobody gets the page of another"
    both = plan(
        {"a.test": gives, "b.test": chat(8104, aliases=["www.test"])},
        server({"a.test": has, "b.test": chat(8103)}),
    )
    assert [(step.names, step.after) for step in both.steps] == [
        (("a.test",), ()),
        (("b.test",), ("a.test",)),
    ]
