"""Look at a server: one round trip, whatever the number of sites and questions."""

from collections.abc import Iterable, Iterator

from deployer.errors import DeployError
from deployer.seen.observation import Observation, read_observation
from deployer.server.connection import Server, script_command
from deployer.shares.question import Question
from deployer.tasks import script


def observe(server: Server, questions: Iterable[Question]) -> Observation:
    """The server's facts with its answers, and the files that were asked for or that we once wrote.

    What is asked may take its time to work out: the server looks at the rest meanwhile.
    """
    look = script("observe.sh")

    def asked() -> Iterator[bytes]:
        yield "".join(f"{question}\n" for question in sorted(set(questions))).encode()

    answer = server.ask(script_command(look), look, asked())
    if answer.status != 0 or not answer.output:
        raise DeployError(f"{server.host} could not be looked at: {answer.errors.strip() or answer.status}")
    with server.understanding():
        return read_observation(answer.output)
