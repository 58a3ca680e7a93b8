"""Ask a server for what an auditor wants to know."""

from deployer.audit.evidence import Evidence, read_evidence
from deployer.errors import DeployError
from deployer.server.connection import Server, script_command
from deployer.tasks import script


def audit(server: Server) -> Evidence:
    """What the server tells of itself, in one round trip."""
    ask = script("audit.sh")
    answer = server.ask(script_command(ask), ask)
    if answer.status:
        raise DeployError(f"{server.host} could not be audited: {answer.errors.strip() or answer.status}")
    with server.understanding():
        return read_evidence(answer.output.decode(errors="replace"))
