"""The order in which containers come up when ports and projects change hands."""

from dataclasses import replace

from chance import chance
from deployer.files import File
from deployer.planning.holding import holding
from deployer.planning.transition import Ending, Step, Transition
from deployer.seen.stacks import Stack, Standing


def runs(**ports: int) -> dict[str, Stack]:
    return {
        name: Stack(name, f"/opt/{name}", running=True, ports=frozenset({f"{port}/tcp"}))
        for name, port in ports.items()
    }


def shall(**ports: int) -> dict[str, Standing]:
    return {
        name: Standing(f"/opt/{name}", name, ports=frozenset({f"{port}/tcp"})) for name, port in ports.items()
    }


def transition(
    there: dict[str, Stack], wanted: dict[str, Standing], ended: tuple[str, ...] = (), **renamed: str
) -> Transition:
    places = {name: (stack.folder, name) for name, stack in there.items()}
    endings = [Ending(name, name) for name in ended]
    return Transition(wanted, places, holding(places, there, {}), there, frozenset(wanted), endings, renamed)


def test_what_wants_nothing_of_others_comes_by_name() -> None:
    steps = transition(runs(a=1, b=2), shall(b=2, a=1, c=3)).steps()
    assert steps == (Step(("a",)), Step(("b",)), Step(("c",)))


def test_a_chain_begins_at_its_free_end() -> None:
    one = transition(runs(a=1, b=2, c=3), shall(a=2, b=3, c=4))
    assert one.steps() == (Step(("c",)), Step(("b",), ("c",)), Step(("a",), ("b",)))
    assert [*one.remarks(one.steps())] == [
        "c moves from port 3 to port 4",
        "b moves from port 2 to port 3",
        "b takes port 3 of c: that moves away first",
        "a moves from port 1 to port 2",
        "a takes port 2 of b: that moves away first",
    ]


def test_a_circle_goes_at_once_and_what_waits_for_it_after_it() -> None:
    one = transition(runs(a=1, b=2, c=3, d=4), shall(a=2, b=3, c=1, d=3))
    assert one.steps() == (Step(("a", "b", "c")), Step(("d",), ("c",)))
    assert "a, b and c change ports: all of them stop before the first begins" in one.remarks(one.steps())


def test_what_does_not_run_has_the_port_to_which_its_visitors_are_led() -> None:
    files = {
        f"/etc/deploy/sites/{name}.conf": File(f"PORT={port}\n".encode())
        for name, port in (("a", 1), ("b", 2))
    }
    for wanted, steps in (
        (shall(a=2, b=3), (Step(("b",)), Step(("a",), ("b",)))),
        (shall(a=2, b=1), (Step(("a", "b")),)),
    ):
        one = transition(runs(a=1), wanted)
        places = {name: (f"/opt/{name}", name) for name in "ab"}
        one = replace(one, there=places, has=holding(places, one.stacks, files))
        assert one.steps() == steps


def test_who_takes_the_port_of_one_that_goes_on_under_another_name_waits_for_it() -> None:
    there, wanted = runs(wiki=4), shall(notes=4, zwiki=3)
    wanted["zwiki"] = replace(wanted["zwiki"], project="wiki")
    one = transition(there, wanted)
    one = replace(one, ended=[Ending("wiki", "wiki", heir="zwiki")], renamed={"zwiki": "wiki"})
    assert one.steps() == (Step(("zwiki",), (), ("wiki",)), Step(("notes",), ("zwiki",)))
    assert "notes takes port 4 of wiki: that moves away first" in one.remarks(one.steps())


def test_one_whose_domains_change_places_stops_first() -> None:
    one = replace(transition(runs(a=1, b=2), shall(a=1, b=2)), crossed=("b",))
    assert one.steps() == (Step(("a",)), Step(("b",), crossed=True))
    assert [*one.remarks(one.steps())] == [
        "b changes ports between its domains: it stops before it begins anew"
    ]


def test_what_ends_stops_for_what_takes_its_place() -> None:
    one = transition(runs(a=1, b=2), shall(b=1), ended=("a",))
    assert one.steps() == (Step(("b",), (), ("a",)),)
    renamed = transition(runs(a=1), shall(b=5), ended=("a",), b="a")
    assert renamed.steps() == (Step(("b",), (), ("a",)),)
    another = transition(runs(a=1), shall(b=5), ended=("a",))
    assert another.steps() == (Step(("b",)),)


def test_whatever_changes_hands_each_finds_its_port_free() -> None:
    for _ in range(200):
        names = "abcdef"[: chance.randint(1, 6)]
        there = runs(**dict(zip(names, chance.sample(range(1, 9), len(names)), strict=True)))
        wanted = shall(**dict(zip(names, chance.sample(range(1, 9), len(names)), strict=True)))
        taken = {name: next(iter(there[name].ports)) for name in names}
        seen = []
        for step in transition(there, wanted).steps():
            for name in step.names:
                del taken[name]
            for name in step.names:
                (port,) = wanted[name].ports
                assert port not in taken.values()
                taken[name] = port
            seen += step.names
        assert sorted(seen) == [*names]
