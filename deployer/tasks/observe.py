"""Look at a server: one round trip, whatever the number of sites and questions."""

from collections.abc import Callable, Iterable

from deployer.errors import DeployError
from deployer.seen.observation import Observation, read_observation
from deployer.server.connection import Server, script_command
from deployer.shares.question import Question
from deployer.tasks import script


def observe(
    server: Server,
    questions: Iterable[Question],
    later: Iterable[Question] = (),
    meanwhile: Callable[[], object] = bool,
) -> Observation:
    """The server's facts with its answers, and the files that were asked for or that we once wrote.

    What is asked later may have gone there already, as the rest of it. While it answers, something else may
    be done.
    """
    look = script("observe.sh")
    answer = server.ask(script_command(look), look + batch(questions) + lines(later), meanwhile)
    if answer.status != 0 or not answer.output:
        raise DeployError(f"{server.host} could not be looked at: {answer.errors.strip() or answer.status}")
    with server.understanding():
        return read_observation(answer.output)


def batch(questions: Iterable[Question]) -> bytes:
    """Questions as observe.sh reads them that are answered before others come."""
    return lines(questions) + b"\n"


def lines(questions: Iterable[Question]) -> bytes:
    """Questions as observe.sh reads them."""
    return "".join(f"{question}\n" for question in sorted(set(questions))).encode()
