"""The public keys of whoever runs the tool: those beside the private ones, and those of the agent."""

from pathlib import Path

import paramiko


def public_keys(key: Path | None) -> frozenset[str]:
    """Every public key that can be seen here, as `type base64`."""
    files = [*Path("~/.ssh").expanduser().glob("*.pub")]
    files += [key.with_name(f"{key.name}.pub")] if key else []
    found = {" ".join(file.read_text(errors="replace").split()[:2]) for file in files if file.is_file()}
    return frozenset(found | {f"{each.get_name()} {each.get_base64()}" for each in _agent()})


def _agent() -> tuple[paramiko.AgentKey, ...]:
    try:
        return paramiko.Agent().get_keys()
    except (OSError, paramiko.SSHException):
        return ()
