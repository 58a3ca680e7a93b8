"""An Uptime Kuma 2 by its own socket.io events: whose a monitor is stands in its description."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deployer.errors import DeployError, UsageError
from deployer.planning.monitors import MonitorChange, SeenMonitor
from deployer.planning.uptime_kuma import PUSH, described, seen

if TYPE_CHECKING:
    from deployer.outside.socket_io import Talk

NAME = "uptime_kuma"
SECONDS = 8.0
"""So long may it be silent."""
AT_ONCE = 10
NEW = {
    "parent": None,
    "resendInterval": 0,
    "conditions": [],
    "kafkaProducerBrokers": [],
    "kafkaProducerSaslOptions": {"mechanism": "None"},
    "rabbitmqNodes": [],
    "accepted_statuscodes": ["200-299"],
    "retryInterval": 60,
    "timeout": 48,
    "maxredirects": 10,
    "domainExpiryNotification": False,
}
"""What it makes no monitor without, and what its own pages begin one with."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom: by user and password, or by the token that stands for a login."""

    address: str
    user: str = ""
    password: str = ""
    token: str = ""

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"Uptime Kuma at {urlsplit(self.address).netloc}"


@contextmanager
def connected(login: Login) -> "Iterator[Talk]":
    """A connection that has logged in, to an Uptime Kuma that we know; raises DeployError."""
    from deployer.outside.socket_io import (
        Talk,
    )  # who waits for something else meanwhile need not wait for this

    with Talk(login.name, login.address, SECONDS) as talk:
        talk.wait(lambda events: "info" in events)
        try:
            _let_in(talk, login)
            talk.wait(_is_in)
            version = str(talk.events["info"][0]["version"])
            if not version.startswith("2."):
                raise UsageError(
                    f"{talk.name} is version {version}, which does not keep its monitors as version 2 does",
                    "Upgrade it to version 2.",
                )
            yield talk
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise DeployError(
                f"{talk.name} answers otherwise than version 2 does ({type(error).__name__})",
                "If it stays so, please report it.",
            ) from error


def _is_in(events: dict[str, list[Any]]) -> bool:
    """Whether it has told what only who is let in is told: its answer comes much later, after all history."""
    return "monitorList" in events and "version" in events["info"][0]


def _let_in(talk: "Talk", login: Login) -> None:
    if login.token:
        answer = talk.call_or(_is_in, "loginByToken", login.token)
    else:
        given = {"username": login.user, "password": login.password}
        answer = talk.call_or(_is_in, "login", given)
    if answer is None or answer.get("ok"):
        return
    if answer.get("tokenRequired"):
        raise UsageError(
            f"{talk.name} wants a second factor of {login.user}",
            "Give it the token of a login instead: monitoring: {uptime_kuma: {token: env:NAME}}",
        )
    if talk.call("needSetup"):
        raise UsageError(f"{talk.name} has no user yet", "Open it in a browser and make one.")
    told = str(answer.get("msg"))
    if told in ("authIncorrectCreds", "authInvalidToken", "authUserInactiveOrDeleted"):
        if login.token:
            raise UsageError(f"{talk.name} does not take the token", "It ends when the password is changed.")
        raise UsageError(f"{talk.name} does not take the password of {login.user}")
    raise DeployError(f"{talk.name} refuses the login: {told}")


def there(talk: "Talk", server: str) -> list[SeenMonitor]:
    """All of its monitors, ours and others."""
    return [seen(each, server) for each in talk.events["monitorList"][0].values()]


def read(login: Login, server: str) -> list[SeenMonitor]:
    """All of its monitors, ours and others; raises DeployError."""
    with connected(login) as talk:
        return there(talk, server)


def beat(login: Login, server: str, beats: Mapping[str, str]) -> list[str]:
    """Tell of each heartbeat, by its key, why it is not well, empty where it is; what went wrong.

    Raises DeployError where nobody could be told.
    """
    taken = []
    with connected(login) as talk:
        for each in there(talk, server):
            token = each.settings.get("pushToken") if each.settings.get("active", True) else None
            if each.key in beats and each.settings["type"] == PUSH and token:
                why = beats[each.key]
                words = {"status": "down" if why else "up", "msg": why[:200] or "OK"}
                taken.append(talk.tell(f"/api/push/{token}", words))
    if all(taken):
        return []
    return [f"{login.name} does not take {taken.count(False)} of {len(taken)} heartbeats"]


def write(login: Login, server: str, changes: Sequence[MonitorChange]) -> None:
    """Make these changes; raises DeployError where a monitor is no longer as the plan has seen it."""
    with connected(login) as talk:
        now = {each.identifier: each for each in there(talk, server)}
        for change in changes:
            if change.seen and not _same(now.get(change.seen.identifier), change.seen):
                raise DeployError(
                    f"{change.change.path} has changed since the plan was made",
                    "Run it again to see the new plan.",
                )
        talk.wait(lambda events: "notificationList" in events)
        default = {str(each["id"]): True for each in talk.events["notificationList"][0] if each["isDefault"]}
        calls = [(change.change.path, _call(change, default)) for change in changes]
        for start in range(0, len(calls), AT_ONCE):
            some = calls[start : start + AT_ONCE]
            for (path, _), answer in zip(some, talk.calls([call for _, call in some]), strict=True):
                if not answer.get("ok"):
                    raise DeployError(f"{talk.name} refuses {path}: {answer.get('msg')}")


def _same(now: SeenMonitor | None, before: SeenMonitor) -> bool:
    """Whether what of a monitor is ours to say is as it was."""
    return (
        now is not None
        and described(now.settings) == described(before.settings)
        and now.settings.get("description") == before.settings.get("description")
    )


def _call(change: MonitorChange, default: Mapping[str, bool]) -> tuple[Any, ...]:
    if change.seen is None:
        more = {"pushToken": secrets.token_hex(16)} if change.settings["type"] == PUSH else {}
        return "add", {**NEW, "notificationIDList": default, **more, **change.settings}
    if not change.settings:
        return "deleteMonitor", change.seen.identifier
    whole = {**change.seen.settings, **change.settings}
    if whole["type"] == PUSH and not whole.get("pushToken"):
        whole["pushToken"] = secrets.token_hex(16)
    return "editMonitor", whole  # which takes whatever is left out for empty
