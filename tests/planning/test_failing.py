"""What failed, and has not changed since, keeps nobody waiting who changes something else."""

from dataclasses import replace
from typing import Any

import pytest

from deployer.config.model import Config
from deployer.files import File, unpack
from deployer.planning.desired import desired_files
from deployer.planning.plan import Plan
from deployer.planning.pools import DAEMON
from deployer.planning.stages import in_the_end
from deployer.report.changes import plan_lines
from deployer.seen import manifest
from deployer.seen.facts import Facts
from deployer.seen.failures import Failure, read_failures
from deployer.seen.observation import Observation
from deployer.seen.stacks import ContainerState, Stack
from deployer.tasks.apply import parcel
from deployer.tasks.converge import Convergence

CHAT: dict[str, Any] = {"kind": "ntfy", "port": 2586, "https": False}
OTHER: dict[str, Any] = {"kind": "redirect", "to": "https://example.org", "https": False}
FACTS = Facts("debian", "13", engine=True).having(docker=(26, 1, 5), compose=(2, 26, 1))


def config(**sites: dict[str, Any]) -> Config:
    return Config.model_validate({"sites": {name.replace("_", "."): site for name, site in sites.items()}})


def server(of: Config, *without: str) -> Observation:
    """A server that is as sites.yaml says, but for these sites, which are not there."""
    installed = replace(FACTS, packages=desired_files(of, FACTS).packages)
    wanted = in_the_end(of, installed)
    files = {path: file for path, file in wanted.files.items() if wanted.site_of.get(path) not in without}
    units = dict.fromkeys(wanted.units, "active enabled")
    written = {path: file.digest for path, file in files.items()}
    found = {**files, manifest.PATH: manifest.write(written)}
    return Observation(replace(installed, units=units), found, written)


def run(of: Config, scope: list[str] | None = None) -> Convergence:
    return Convergence(None, of, scope, print, print)  # type: ignore[arg-type] # it is told what it sees


def with_failure(seen: Observation, plan: Plan, name: str = "chat.test") -> Observation:
    """The same server after an apply that could not bring it up."""
    failed = {name: Failure(plan.tried[name], 1764295800, "app ended with exit code 3")}
    return replace(seen, facts=replace(seen.facts, failed=failed))


def test_it_waits_while_something_else_changes_and_is_tried_when_nothing_does() -> None:
    one = config(chat_test=CHAT)
    seen = server(one, "chat.test")
    seen = with_failure(seen, run(one).plan(seen))

    again = run(one)
    plan = again.plan(seen)
    assert (plan.compositions, dict(plan.held), plan.empty) == (("chat.test",), {}, False)
    why = "bringing it up failed at 2025-11-28 02:10 UTC (app ended with exit code 3)"
    assert f"! chat.test: {why} and nothing of it has changed since; it is tried once more" in [
        *plan_lines(plan, "vm")
    ]
    assert again._possible(seen).compositions == ("chat.test",), "what was shown is done"
    later = with_failure(seen, plan)
    later.facts.failed["chat.test"] = replace(later.facts.failed["chat.test"], time=1764295900)  # type: ignore[index]
    assert again._possible(later).compositions == (), "but once"

    both = config(chat_test=CHAT, old_test=OTHER)
    busy = run(both)
    plan = busy.plan(seen)
    assert (plan.compositions, plan.empty) == ((), False)
    assert {change.site for change in plan.changes} - {None} == {"old.test"}
    left = f"{why} and nothing of it has changed since; this tries it again: deploy apply chat.test"
    assert plan.held == {"chat.test": left}
    assert f"! chat.test is left as it is: {left}." in [*plan_lines(plan, "vm")]
    assert busy._possible(seen).compositions == ()
    assert run(both, ["chat.test", "old.test"]).plan(seen).compositions == ("chat.test",), "asked for by name"


@pytest.mark.parametrize(
    "change",
    [{"wait": "61s"}, {"port": 2587}, {"tag": "v3"}, {"nginx": "expires 1h;"}],
)
def test_what_has_changed_since_is_tried(change: dict[str, Any]) -> None:
    one = config(chat_test=CHAT)
    seen = server(one, "chat.test")
    seen = with_failure(seen, run(one).plan(seen))
    both = config(chat_test={**CHAT, **change}, old_test=OTHER)
    assert run(both).plan(seen).compositions == ("chat.test",)


def test_a_login_to_a_registry_is_a_reason_to_try_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def logged_in(password: str) -> Config:
        monkeypatch.setenv("TOKEN", password)
        login = {"user": "ada", "password": "env:TOKEN"}
        written = {
            "sites": {"chat.test": CHAT, "old.test": OTHER},
            "docker": {"registries": {"ghcr.io": login}},
        }
        return Config.model_validate(written)

    both = config(chat_test=CHAT, old_test=OTHER)
    seen = server(both, "chat.test", "old.test")
    seen = with_failure(seen, run(both).plan(seen))
    assert run(both).plan(seen).compositions == ()
    plan = run(logged_in("wrong")).plan(seen)
    assert plan.compositions == ("chat.test",)
    seen = with_failure(seen, plan)
    assert run(logged_in("wrong")).plan(seen).compositions == ()
    assert run(logged_in("right")).plan(seen).compositions == ("chat.test",)


def test_what_a_person_has_mended_on_the_server_is_tried() -> None:
    both = config(chat_test=CHAT, old_test=OTHER)
    seen = server(both, "chat.test", "old.test")
    failed = with_failure(seen, run(both).plan(seen))
    assert run(both).plan(failed).compositions == ()
    assert run(both).plan(replace(failed, files={**failed.files, DAEMON: File(b"{}")})).compositions
    newer = replace(failed, facts=failed.facts.having(docker=(27, 0, 0)))
    assert run(both).plan(newer).compositions


def test_what_was_there_and_has_ended_since_is_not_brought_up_by_every_apply() -> None:
    both = config(chat_test=CHAT, old_test=OTHER)
    seen = server(both, "old.test")
    standing = in_the_end(both, seen.facts).standings["chat.test"]

    def running(state: str) -> Observation:
        containers = tuple(ContainerState(name, state, code=3) for name in standing.services)
        stack = Stack(standing.project, standing.folder, state == "running", containers=containers)
        return replace(seen, facts=replace(seen.facts, stacks={stack.project: stack}, failed=failed))

    failed: dict[str, Failure] = {}
    plan = run(both).plan(running("exited"))
    assert plan.compositions == ("chat.test",)
    failed = {**with_failure(seen, plan).facts.failed}
    assert list(run(both).plan(running("exited")).held) == ["chat.test"]
    assert run(both).plan(running("running")).held == {}, "it has come up by itself"


def test_what_takes_the_place_of_another_is_tried() -> None:
    """For the other one would end, and nobody have its place."""
    before, after = config(talk_test=CHAT), config(chat_test=CHAT, old_test=OTHER)
    seen = server(before)
    standing = in_the_end(before, seen.facts).standings["talk.test"]
    ports = frozenset({"2586/tcp"})
    stack = Stack(standing.project, standing.folder, True, ports, volumes=standing.volumes)
    seen = replace(seen, facts=replace(seen.facts, stacks={stack.project: stack}))
    plan = run(after).plan(seen)
    assert [step.instead_of for step in plan.steps] == [(standing.project,)]
    assert run(after).plan(with_failure(seen, plan)).compositions == ("chat.test",)


def test_the_server_says_it_in_lines_and_gets_what_is_tried() -> None:
    assert read_failures(["chat 1764295800 abc app: a b", "half"]) == {
        "chat": Failure("abc", 1764295800, "app: a b")
    }
    one = config(chat_test=CHAT)
    plan = run(one).plan(server(one, "chat.test"))
    told = unpack(parcel(plan, "ada"))["/tried"]
    assert told == File(f"chat.test {plan.tried['chat.test']}\n".encode())
