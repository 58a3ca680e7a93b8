"""Maintenance in an Uptime Kuma: one that ends by itself where nobody ends it."""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deployer.errors import DeployError
from deployer.outside.monitors.uptime_kuma import Login, connected, there
from deployer.planning.monitors import mark, read_mark
from deployer.planning.uptime_kuma import of_site

if TYPE_CHECKING:
    from deployer.outside.socket_io import Talk

KEY = "maintenance"
EARLIER = timedelta(minutes=10)
"""Its clock may be slow."""


def begin(
    login: Login, server: str, names: Collection[str], what: str, hours: int, wanted: Callable[[], bool]
) -> tuple[int | None, Login]:
    """Open one for the monitors of these sites and services, and the quickest way in to end it.

    Its number is None where there is no such monitor, or it is not wanted any more. Raises DeployError.
    """
    with connected(login) as talk:
        monitors = [each.identifier for each in there(talk, server) if of_site(each.key) in names]
        if not monitors or not wanted():
            return None, login
        _clear(talk, server)
        now = datetime.now(UTC)
        times = now - EARLIER, now + timedelta(hours=hours)
        asked = {
            "title": f"deploy: {what}",
            "description": mark(KEY, server, "00000000"),
            "strategy": "single",
            "active": True,
            "intervalDay": 1,
            "dateRange": [f"{time:%Y-%m-%d %H:%M:%S}" for time in times],
            "timeRange": [{"hours": 0, "minutes": 0}, {"hours": 0, "minutes": 0}],
            "weekdays": [],
            "daysOfMonth": [],
            "timezoneOption": "UTC",
        }
        answer = talk.call("addMaintenance", asked)
        if not answer.get("ok"):
            raise DeployError(f"{talk.name} refuses a maintenance: {answer.get('msg')}")
        number = int(answer["maintenanceID"])
        added = talk.call("addMonitorMaintenance", number, [{"id": each} for each in monitors])
        if not added.get("ok"):
            talk.call("deleteMaintenance", number)
            raise DeployError(f"{talk.name} refuses a maintenance: {added.get('msg')}")
        return number, _quicker(talk, login)


def _quicker(talk: "Talk", login: Login) -> Login:
    """By the token of this login, for a password is made slow to judge."""
    with suppress(DeployError):
        for answer in talk.owed():
            if token := answer.get("token"):
                return Login(login.address, token=str(token))
    return login


def _clear(talk: "Talk", server: str) -> None:
    """Take away those of ours that nobody has ended, and that are over."""
    talk.wait(lambda events: "maintenanceList" in events)
    for each in talk.events["maintenanceList"][0].values():
        ours = read_mark(str(each.get("description") or ""), server)[0] == KEY
        if ours and each.get("status") == "ended":
            talk.call("deleteMaintenance", each["id"])


def end(login: Login, number: int) -> None:
    """End one that was opened; raises DeployError."""
    with connected(login) as talk:
        answer = talk.call("deleteMaintenance", number)
        if not answer.get("ok"):
            raise DeployError(f"{talk.name} does not end the maintenance: {answer.get('msg')}")
