"""Logging in by key: those that somebody named, those of the agent, those that are usual; or why not."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.agent import AgentSSH

from deployer.errors import RefusedLoginError, UnreachableError
from deployer.server.advice import NO_KEY, by_hand
from deployer.server.privatekeys import KINDS
from deployer.server.transport import Transport
from deployer.server.way import Way

MANY = 5  # keys after which a server that says nothing has had enough: MaxAuthTries is 6


@dataclass
class Keys:
    """The keys to try, in order; those that could not be are noted on the way."""

    way: Way
    key: Path | None
    locked: list[Path] = field(default_factory=list)
    spoilt: list[Path] = field(default_factory=list)

    def __iter__(self) -> Iterator[paramiko.PKey]:
        named = ([self.key] if self.key else []) + [each for each in self.way.named if each != self.key]
        held = {} if self.way.agent == "none" else _held(self.way.agent)
        for path in named:
            yield from self._from(path, held)
        if not self.way.named_only:
            yield from list(held.values())
        for path in self.way.usual:
            yield from self._from(path, held)

    def _from(self, path: Path, held: dict[str, paramiko.PKey]) -> Iterator[paramiko.PKey]:
        """The key of a file, by the agent if that has it."""
        public = path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
        of_agent = held.pop(_public(public), None)
        if of_agent:
            yield of_agent
        elif path.is_file() and path.suffix != ".pub":
            yield from self._read(path)

    def _read(self, path: Path) -> Iterator[paramiko.PKey]:
        for kind in KINDS:
            try:
                found = kind.from_private_key_file(str(path))
            except paramiko.PasswordRequiredException:
                self.locked.append(path)
                return
            except (paramiko.SSHException, UnsupportedAlgorithm, ValueError, IndexError, OSError):
                continue
            certificate = path.with_name(f"{path.name}-cert.pub")
            if certificate.is_file():
                with suppress(ValueError, paramiko.SSHException):
                    found.load_certificate(str(certificate))
            yield found
            return
        self.spoilt.append(path)


def authenticate(transport: Transport, way: Way, key: Path | paramiko.PKey | None) -> None:
    """Log in; raises RefusedLoginError or UnreachableError, which say what it was.

    A key that is no file is the only one that is tried.
    """
    keys = Keys(way, key if isinstance(key, Path) else None)
    tried = 0
    for each in [key] if isinstance(key, paramiko.PKey) else keys:
        try:
            more = transport.auth_publickey(way.user, each)
        except (paramiko.SSHException, EOFError, OSError) as error:
            tried += 1
            if not transport.is_active():
                raise ended(transport, way, tried, error) from error
            if isinstance(error, paramiko.BadAuthenticationType):
                raise RefusedLoginError(
                    f"{way.where} lets nobody in by key, only by {', '.join(error.allowed_types)}",
                    "In its sshd_config, for this user: PubkeyAuthentication yes",
                ) from error
            continue
        if more:
            raise RefusedLoginError(
                f"{way.where} takes the key, and then wants {' and '.join(more)}, which nobody can type here",
                "Let this user in by key alone: AuthenticationMethods in its sshd_config",
            )
        return
    raise failed(keys, tried)


def failed(keys: Keys, tried: int) -> UnreachableError:
    """Why none of the keys let us in."""
    way, key = keys.way, keys.key
    add = "; ".join(f"ssh-add {path}" for path in keys.locked)
    if key and key in keys.spoilt:
        return UnreachableError(f"the key {key} cannot be read: it is no private key", NO_KEY)
    if keys.locked and (not tried or key in keys.locked):
        path = key if key in keys.locked else keys.locked[0]
        then = f"; {way.where} refused the others" if tried else f", so {way.where} was asked for no login"
        return UnreachableError(
            f"the key {path} has a passphrase, and no agent holds it{then}",
            f"Give it the key: {add}" if _runs(way.agent) else f"Start one: eval $(ssh-agent); {add}",
        )
    if not tried:
        return UnreachableError(f"there is no key to log in to {way.where} with", NO_KEY)
    locked = f". These were not tried, as they have a passphrase: {add}" if add else ""
    return RefusedLoginError(
        f"{way.where} refused the login", f"Check the user and the key: {by_hand(way.where, key)}{locked}"
    )


def ended(transport: Transport, way: Way, tried: int, error: Exception) -> UnreachableError:
    """The server, or somebody on the way to it, has ended the connection in the middle of the login."""
    if "Too many" in transport.farewell or (tried >= MANY and not transport.farewell):
        return RefusedLoginError(
            f"{way.where} refused {tried} keys, and takes no more in one login (MaxAuthTries)",
            "Name the one that it knows: as server.key in sites.yaml, or as IdentityFile in ~/.ssh/config. "
            "The agent may hold it: then its .pub file beside that name is enough.",
        )
    if "signing" in str(error):
        return UnreachableError(
            f"the agent does not sign with the key that {way.where} would take",
            "Was its question refused? ssh-add -l",
        )
    words = f": {transport.farewell}" if transport.farewell else ""
    return UnreachableError(f"{way.where} was lost during the login{words}", "Run the command again.")


def _held(agent: str) -> dict[str, paramiko.PKey]:
    """The keys of the agent, by their public halves."""
    try:
        keys = paramiko.Agent().get_keys() if agent == "SSH_AUTH_SOCK" else _at(agent).get_keys()
    except (OSError, paramiko.SSHException):
        return {}
    return {f"{key.get_name()} {key.get_base64()}": key for key in keys}


def _at(path: str) -> AgentSSH:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(path)
    agent = AgentSSH()
    agent._connect(link)  # type: ignore[attr-defined]  # paramiko's own knows SSH_AUTH_SOCK alone
    return agent


def _runs(agent: str) -> bool:
    return agent != "none" and bool(agent != "SSH_AUTH_SOCK" or os.environ.get("SSH_AUTH_SOCK"))


def _public(path: Path) -> str:
    try:
        return " ".join(path.read_text(errors="replace").split()[:2])
    except OSError:
        return ""
