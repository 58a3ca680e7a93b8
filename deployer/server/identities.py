"""The public keys of whoever runs the tool: beside the private ones, in them, and in the agent."""

from pathlib import Path

import paramiko

from deployer.errors import UsageError
from deployer.server.privatekeys import read_private_key


def public_keys(key: Path | None) -> frozenset[str]:
    """Every public key that can be seen here, as `type base64`."""
    files = [*Path("~/.ssh").expanduser().glob("*.pub")]
    files += [key.with_name(f"{key.name}.pub")] if key else []
    found = {" ".join(file.read_text(errors="replace").split()[:2]) for file in files if file.is_file()}
    private = [*Path("~/.ssh").expanduser().glob("id_*"), *([key] if key else [])]
    found |= {_public_half(file) for file in private if file.suffix != ".pub"} - {""}
    return frozenset(found | {f"{each.get_name()} {each.get_base64()}" for each in _agent()})


def _agent() -> tuple[paramiko.AgentKey, ...]:
    try:
        return paramiko.Agent().get_keys()
    except (OSError, paramiko.SSHException):
        return ()


def _public_half(private: Path) -> str:
    """What a private key lets in, empty when it has a passphrase or is none: then its .pub file tells."""
    try:
        return read_private_key(private).public
    except UsageError:
        return ""
