"""What runs in containers against what is wanted."""

from deployer.desired.facts import Facts
from deployer.desired.stacks import Stack, Standing
from deployer.moving import Moving, moving
from deployer.observation import Observation

WANTED = {"chat": Standing("/opt/chat", "chat", frozenset({"8065/tcp"}))}
TAKEN = frozenset({"8065/tcp"})


def told(*stacks: Stack, scope: set[str] | None = None) -> Moving:
    """What is said of a server on which these run."""
    facts = Facts("debian", "13", stacks={stack.project: stack for stack in stacks})
    return moving(WANTED, Observation(facts, {}, {}), scope)


def test_what_runs_as_it_shall_is_left_alone() -> None:
    assert told(Stack("chat", "/opt/chat", True, TAKEN)) == Moving({}, {}, ())


def test_what_runs_in_another_folder_or_open_to_everyone_is_made_anew() -> None:
    there = Stack("chat", "/root/chat", True, TAKEN, TAKEN)
    assert told(there).otherwise == {
        "chat": (
            "started in /root/chat, and shall stand in /opt/chat",
            "port 8065/tcp is open to everyone",
        )
    }
    assert told(there, scope={"other"}).otherwise == {}


def test_a_port_that_another_project_has_holds_it_back() -> None:
    held = told(Stack("byhand", "/opt/byhand", True, TAKEN)).held["chat"]
    assert held.startswith("the Compose project byhand in /opt/byhand has its port 8065 already. ")
    assert "write `directory: /opt/byhand` and `project: byhand`" in held
