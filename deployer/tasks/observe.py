"""Look at a server: one round trip, whatever the number of sites."""

from collections.abc import Iterable

from deployer.errors import DeployError
from deployer.seen.observation import Observation, read_observation
from deployer.server.connection import Server, script_command
from deployer.tasks import script


def observe(server: Server, paths: Iterable[str]) -> Observation:
    """The server's facts, and those of the paths (and of what we once wrote) that are there.

    Of a path with a `?` before it, only whether it is there; `unit:NAME` asks how a unit is.
    """
    look = script("observe.sh")
    answer = server.ask(script_command(look), look + "".join(f"{path}\0" for path in paths).encode())
    if answer.status != 0 or not answer.output:
        raise DeployError(f"{server.host} could not be looked at: {answer.errors.strip() or answer.status}")
    with server.understanding():
        return read_observation(answer.output)
