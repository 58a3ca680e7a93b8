"""Push from a CI job: no sites.yaml, and mostly a key that can do nothing else."""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deployer.config.credentials import Credentials
from deployer.errors import (
    DeployError,
    RefusedLoginError,
    RestrictedKeyError,
    UnreachableError,
    UsageError,
    WrongUserError,
)
from deployer.server.connection import Server
from deployer.server.login import connect
from deployer.server.privatekeys import private_key
from deployer.tasks.push import Push, Pushed
from deployer.waiting import waiting

NO_SUCH_COMMAND = 127
DIGEST = re.compile("[0-9a-f]{64}")
ADVICE = (
    "SSH_HOST, SSH_PORT (else 22), SSH_USER (else deploy) and SSH_PRIVATE_KEY say how to log in, "
    "and SSH_KNOWN_HOSTS which host key counts, as in: {name} ssh-ed25519 AAAA…\n"
    "The server's own is what `cat /etc/ssh/ssh_host_ed25519_key.pub` prints there."
)
REFUSED = (
    "Was the key revoked? Where sites.yaml is: deploy key list\n"
    "SSH_USER and SSH_PRIVATE_KEY say who logs in; without SSH_USER it is deploy, "
    "the user of restricted keys."
)
OTHER_USER = "SSH_USER says who logs in: {user}, or with a restricted key the user of restricted keys."
FORCED = (
    "--force or --rebuild is the reason: a restricted key may push, and no more.\n"
    "Leave it out, or use a key that may log in as you do."
)


@contextmanager
def server_with(given: Credentials) -> Iterator[Server]:
    """A verified connection to the server that the environment names."""
    key = private_key(given.private_key, "SSH_PRIVATE_KEY")
    name = given.host if given.port == 22 else f"[{given.host}]:{given.port}"
    try:
        with connect(given.host, given.port, given.user, None, key, given.known_hosts) as server:
            yield server
    except WrongUserError as error:
        raise WrongUserError(error.message, OTHER_USER.format(user=error.user), error.user) from error
    except RefusedLoginError as error:
        raise RefusedLoginError(error.message, REFUSED) from error
    except UnreachableError as error:
        raise UnreachableError(error.message, ADVICE.format(name=name)) from error


def push_restricted(server: Server, what: Push, line: Callable[[str], None]) -> Pushed | None:
    """Push with a restricted key, whose command this is; None when it is another key."""
    return (_send_restricted if what.built else _push_restricted)(server, what, line)


def push_anyhow(
    server: Server,
    what: Push,
    line: Callable[[str], None],
    by_key: Callable[[Server, Push, Callable[[str], None]], Pushed | None],
    by_login: Callable[[Server, Push, Callable[[str], None]], Pushed],
) -> Pushed:
    """Push as a restricted key does, or, where that gives None, as from a laptop.

    Raises UsageError when the key may not do this, and DeployError for a site that is not there.
    """
    outcome = None if what.force or what.rebuild else by_key(server, what, line)
    try:
        outcome = by_login(server, what, line) if outcome is None else outcome
    except RestrictedKeyError as error:
        raise RestrictedKeyError(
            error.message, FORCED if what.force or what.rebuild else error.advice
        ) from error
    if outcome is Pushed.USAGE:
        raise UsageError(f"nothing was pushed to {what.domain}", "The server says why, above.")
    if outcome.needs_apply:
        raise DeployError(
            f"{what.domain} is not on {server.host} yet", "Run `deploy apply` where sites.yaml is"
        )
    return outcome


def _push_restricted(server: Server, what: Push, line: Callable[[str], None]) -> Pushed | None:
    """The outcome, or None when a shell has said that there is no `push`: then the key may run anything."""
    said: list[str] = []

    def relay(text: str) -> None:
        said.append(text)
        if not ("push" in text and "not found" in text):
            line(text)

    words = ["push", what.domain, *([what.reference] if what.reference else []), *_named(what)]
    with waiting(f"{server.host} is at work"):
        status = server.follow_forced(shlex.join(words), relay)
    # a shell may also have been replaced by another one, which was told nothing, and says nothing
    name = f"{what.preview}." if what.preview else what.domain
    ran = any(name in text for text in said)
    if status == NO_SUCH_COMMAND or (status == Pushed.DONE and not ran):
        return None
    return Pushed(status) if status in set(Pushed) else Pushed.FAILED


def _send_restricted(server: Server, what: Push, line: Callable[[str], None]) -> Pushed | None:
    """The same for what was built here: first the key is asked what the server has of it."""
    from deployer.server.folder import Sending

    there: list[str] = []
    status = server.follow_forced(shlex.join(["have", what.domain, "--files"]), there.append)
    heard = all(DIGEST.fullmatch(text) for text in there)
    if status == NO_SUCH_COMMAND or (status == Pushed.DONE and not heard):
        return None
    if status:
        for text in there:
            line(text)
        return Pushed(status) if status in set(Pushed) else Pushed.FAILED
    assert what.built, "it is sent"
    with waiting("files") as wait:
        sent = Sending(what.built, frozenset(there))
        line(sent.summary)
        words = ["push", what.domain, *sent.options, *_named(what)]
        status = server.follow_forced(shlex.join(words), line, sent.pieces(wait))
    return Pushed(status) if status in set(Pushed) else Pushed.FAILED


def _named(what: Push) -> list[str]:
    return ["--as", what.preview] if what.preview else []
