"""What runs in containers against what is wanted."""

from dataclasses import replace
from typing import Any

import pytest

from deployer.files import File
from deployer.planning.moving import Moving, compositions_there, moving
from deployer.planning.running import stopped
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from deployer.seen.stacks import ContainerState, Stack, Standing

TAKEN = frozenset({"8065/tcp"})
WANTED = {"chat": Standing("/opt/chat", "chat", TAKEN, services=frozenset({"app", "worker"}))}
VALUES = File(b"NAME=chat\nKIND=compose\nPROJECT=chat\nDIRECTORY=/opt/chat\n")
WELL = (ContainerState("app", published=True), ContainerState("worker"))


def seen(*stacks: Stack, **facts: Any) -> Observation:
    """A server that has the files of the composition, and on which these run."""
    said: dict[str, Any] = {"engine": True, "brought_up": frozenset({"chat"})} | facts
    return Observation(
        Facts("debian", "13", stacks={stack.project: stack for stack in stacks}, **said),
        {"/etc/deploy/sites/chat.conf": VALUES},
        {},
    )


def running(*containers: ContainerState) -> Stack:
    up = any(each.state in ("running", "restarting", "paused") for each in containers)
    return Stack("chat", "/opt/chat", up, TAKEN if up else frozenset(), containers=containers)


def otherwise(*containers: ContainerState, **facts: Any) -> tuple[str, ...]:
    """What is otherwise of a composition with these containers."""
    return moving(WANTED, seen(running(*containers), **facts)).otherwise.get("chat", ())


def test_what_runs_as_it_shall_is_left_alone() -> None:
    assert moving(WANTED, seen(running(*WELL))) == Moving({}, {}, ())


def test_what_runs_in_another_folder_or_open_to_everyone_is_made_anew() -> None:
    there = Stack("chat", "/root/chat", True, TAKEN, TAKEN, containers=WELL)
    assert moving(WANTED, seen(there)).otherwise == {
        "chat": (
            "started in /root/chat, and shall stand in /opt/chat",
            "port 8065/tcp is open to everyone",
        )
    }
    assert moving(WANTED, seen(there), {"other"}).otherwise == {}


def test_who_lost_its_values_is_known_by_what_runs_in_its_folder() -> None:
    path = "/etc/deploy/sites/chat.conf"
    lost = Observation(seen(running(*WELL)).facts, {}, {path: "0" * 64})
    assert compositions_there(lost) == {"chat": ("/opt/chat", "chat")}
    assert compositions_there(replace(lost, written={})) == {}
    assert compositions_there(replace(seen(), written={path: "0" * 64})) == {"chat": ("/opt/chat", "chat")}


def test_who_lost_its_values_and_its_containers_is_not_as_it_shall_be() -> None:
    lost = Observation(seen().facts, {}, {"/etc/deploy/sites/chat.conf": "0" * 64})
    assert moving(WANTED, lost).otherwise == {"chat": ("its containers are gone",)}


def test_a_port_that_another_project_has_holds_it_back() -> None:
    held = moving(WANTED, seen(Stack("byhand", "/opt/byhand", True, TAKEN))).held["chat"]
    assert held.startswith("the Compose project byhand in /opt/byhand has its port 8065 already. ")
    assert "write `directory: /opt/byhand` and `project: byhand`" in held


def test_volumes_of_a_project_that_is_called_otherwise_are_found() -> None:
    name = "paperless.example.org"
    made = frozenset({f"{name}_data".replace(".", ""), f"{name}_new".replace(".", "")})
    wanted = {name: Standing(f"/opt/{name}", name.replace(".", ""), volumes=made)}
    theirs = Stack("paperless", volumes=frozenset({"paperless_data"}))
    assert moving(wanted, seen(theirs)).remarks == (
        "paperless.example.org would begin with an empty volume paperlessexampleorg_data, but there is "
        "paperless_data: if that has its data, write `project: paperless`",
    )
    assert moving(wanted, seen(replace(theirs, volumes=frozenset({"paperless_media"})))).remarks == ()
    ours = Stack("paperlessexampleorg", volumes=made)
    assert moving(wanted, seen(theirs, ours)).remarks == (), "it has its own already"


@pytest.mark.parametrize(
    ("container", "told"),
    [
        (ContainerState("worker", "exited", 255), "worker ended with exit code 255"),
        (ContainerState("worker", "exited", 1, lasting=False), "worker ended with exit code 1"),
        (ContainerState("worker", "exited"), "worker has stopped"),
        (ContainerState("worker", "exited", lasting=False, published=True), "worker has stopped"),
        (ContainerState("worker", "dead"), "worker ended with exit code 0"),
        (ContainerState("worker", "paused"), "worker is paused"),
        (ContainerState("worker", "created"), "worker was never started"),
        (ContainerState("worker", "restarting", 1), "worker ends again and again"),
        (None, "worker has no container"),
    ],
)
def test_a_container_that_does_not_run_is_brought_up_anew(
    container: ContainerState | None, told: str
) -> None:
    assert otherwise(WELL[0], *([container] if container else [])) == (told,)


def test_a_job_that_has_done_its_work_is_well() -> None:
    job = ContainerState("migrate", "exited", lasting=False)
    assert otherwise(*WELL, job) == ()


def test_two_containers_of_a_service_are_told_once() -> None:
    assert otherwise(*WELL, *[ContainerState("worker", "paused")] * 2) == ("worker is paused",)


def test_containers_that_are_gone_are_not_those_that_never_were_there() -> None:
    assert otherwise() == ("its containers are gone",)
    assert otherwise(brought_up=frozenset()) == ("it has never been brought up",)


def test_nothing_is_claimed_where_nothing_is_known() -> None:
    assert otherwise(engine=False) == ()
    new = Observation(Facts("debian", "13", engine=True), {}, {})
    assert moving(WANTED, new).otherwise == {}, "its files come with this plan, and the containers with them"


@pytest.mark.parametrize(
    ("containers", "on_purpose"),
    [
        ((), True),
        (
            (
                ContainerState("app", "exited", 137, started=99),
                ContainerState("worker", "exited", 0, started=99),
            ),
            True,
        ),
        (
            (
                ContainerState("app", "exited", 137, started=101),
                ContainerState("worker", "exited", 0, started=99),
            ),
            False,
        ),
        (
            (ContainerState("app", "running", started=99), ContainerState("worker", "exited", 0, started=99)),
            False,
        ),
    ],
)
def test_what_was_stopped_on_purpose_stays_so_until_any_of_it_is_started(
    containers: tuple[ContainerState, ...], on_purpose: bool
) -> None:
    there = seen(running(*containers), stopped={"chat": 100.0})
    assert [*stopped(WANTED, there.facts)] == ["chat"] * on_purpose
    assert (moving(WANTED, there).otherwise == {}) is on_purpose
