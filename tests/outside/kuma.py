"""Uptime Kuma 2 as far as monitors and maintenance go, over real socket.io: what it refuses is refused.

Its events, fields and answers are those of version 2.5.3. Whatever else is asked ends up in `wrong`.
"""

import itertools
import json
import threading
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any, Self
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import socketio

USER, PASSWORD = "me", "correct horse battery"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6Im1lIn0.c2ln"
COLUMNS = {
    *("id", "name", "type", "url", "method", "interval", "retryInterval", "resendInterval", "maxretries"),
    *("timeout", "keyword", "invertKeyword", "expiryNotification", "domainExpiryNotification", "ignoreTls"),
    *("upsideDown", "maxredirects", "accepted_statuscodes", "description", "parent", "pushToken", "active"),
    *(
        "conditions",
        "kafkaProducerBrokers",
        "kafkaProducerSaslOptions",
        "rabbitmqNodes",
        "notificationIDList",
    ),
}
TOLD = {"path", "pathName", "childrenIDs", "tags", "forceInactive", "maintenance", "includeSensitiveData"}
"""What it tells of a monitor, and takes back when that is edited."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class Kuma:
    """One with a user; `monitors` and `maintenances` are what it keeps, `asked` the events that it got."""

    def __init__(self, version: str = "2.5.3") -> None:
        self.version = version
        self.user: str | None = USER
        self.second_factor = False
        self.deaf: set[str] = set()
        """Events that are never answered."""
        self.ending: str | None = None
        """The event upon which the connection ends, when it has been obeyed."""
        self.monitors: dict[int, dict[str, Any]] = {}
        self.maintenances: dict[int, dict[str, Any]] = {}
        self.windows: list[tuple[str, list[str]]] = []
        """Every maintenance that was opened, with the monitors in it."""
        self.notifications = [{"id": 3, "isDefault": True}, {"id": 4, "isDefault": False}]
        self.pushed: list[tuple[str, str, str]] = []
        self.deaf: set[str] = set()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self._numbers = itertools.count(1)
        self._users: set[str] = set()
        self._changed = threading.Condition()
        self._io = socketio.Server(async_mode="threading", cors_allowed_origins=[])
        self._io.on("connect", self._connected)
        self._io.on("*", self._any)
        self._server = make_server("127.0.0.1", 0, self._app(), _Server, _Quiet)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert self.wrong == []

    def until(self, done: Callable[[], Any]) -> None:
        """Wait until it has been told enough."""
        with self._changed:
            assert self._changed.wait_for(lambda: bool(done()), 20)

    def named(self, name: str) -> dict[str, Any]:
        return next(each for each in self.monitors.values() if each["name"] == name)

    def by_hand(self, name: str, **more: Any) -> dict[str, Any]:
        """A monitor as somebody makes it in a browser."""
        settings = {
            "type": "http",
            "url": "https://example.org/",
            "method": "GET",
            "interval": 60,
            "retryInterval": 60,
            "maxretries": 0,
            "timeout": 48,
            "accepted_statuscodes": ["200-299"],
        }
        return self._kept({**settings, "name": name, "description": None, **more})

    def _app(self) -> Any:
        spoken = socketio.WSGIApp(self._io)

        def app(environ: dict[str, Any], start: Any) -> Any:
            if not environ["PATH_INFO"].startswith("/api/push/"):
                return spoken(environ, start)
            token, said = environ["PATH_INFO"].rpartition("/")[2], parse_qs(environ["QUERY_STRING"])
            found = [each for each in self.monitors.values() if each.get("pushToken") == token]
            found = [each for each in found if each["name"] not in self.deaf]  # as where one has just gone
            start("200 OK" if found else "404 Not Found", [("Content-Type", "application/json")])
            if not found:
                return [b'{"ok":false,"msg":"Monitor not found or not active."}']
            self.pushed.append((found[0]["name"], said["status"][0], said["msg"][0]))
            return [b'{"ok":true}']

        return app

    def _connected(self, sid: str, environ: Any, given: Any = None) -> None:
        self._io.emit("info", {"primaryBaseURL": None, "serverTimezone": "UTC"}, to=sid)
        self._io.emit("loginRequired", to=sid)

    def _any(self, event: str, sid: str, *given: Any) -> Any:
        with self._changed:
            self.asked.append(event)
        if event in self.deaf:
            threading.Event().wait(30)
        handler = getattr(self, f"_on_{event}", None)
        if handler is None:
            self.wrong.append(f"there is no event {event}")
            return None
        if not event.startswith(("login", "needSetup")) and sid not in self._users:
            return {"ok": False, "msg": "You are not logged in."}
        try:
            answer = handler(sid, *given)
        except (KeyError, TypeError, AttributeError) as error:
            answer = {"ok": False, "msg": f"Cannot read properties of undefined (reading '{error}')"}
        with self._changed:
            self._changed.notify_all()
        if event == self.ending:
            self._io.disconnect(sid)
        return answer

    def _on_needSetup(self, sid: str) -> bool:
        return self.user is None

    def _on_login(self, sid: str, data: dict[str, str]) -> dict[str, Any]:
        if (data["username"], data["password"]) != (self.user, PASSWORD):
            return {"ok": False, "msg": "authIncorrectCreds", "msgi18n": True}
        if self.second_factor:
            return {"tokenRequired": True}
        return self._let_in(sid) | {"token": TOKEN}

    def _on_loginByToken(self, sid: str, token: str) -> dict[str, Any]:
        if token != TOKEN:
            return {"ok": False, "msg": "authInvalidToken", "msgi18n": True}
        return self._let_in(sid)

    def _let_in(self, sid: str) -> dict[str, Any]:
        self._users.add(sid)
        self._io.emit("monitorList", {str(number): each for number, each in self.monitors.items()}, to=sid)
        self._io.emit("info", {"version": self.version, "latestVersion": "9.9.9"}, to=sid)
        self._io.emit("maintenanceList", {str(n): each for n, each in self.maintenances.items()}, to=sid)
        self._io.emit("notificationList", self.notifications, to=sid)
        return {"ok": True}

    def _on_add(self, sid: str, monitor: dict[str, Any]) -> dict[str, Any]:
        if unknown := monitor.keys() - COLUMNS:
            return {"ok": False, "msg": f"table monitor has no column named {sorted(unknown)[0]}"}
        if refused := _refused(monitor):
            return refused
        return {"ok": True, "msg": "successAdded", "monitorID": self._kept(monitor)["id"]}

    def _on_editMonitor(self, sid: str, monitor: dict[str, Any]) -> dict[str, Any]:
        if unknown := monitor.keys() - COLUMNS - TOLD:
            self.wrong.append(f"editMonitor with {sorted(unknown)}")
        if monitor["id"] not in self.monitors:
            return {"ok": False, "msg": "Cannot read properties of null (reading 'user_id')"}
        if refused := _refused(monitor):
            return refused
        active = self.monitors[monitor["id"]]["active"]  # what is left out is empty from then on
        kept = {name: monitor.get(name) for name in COLUMNS} | {"active": active}
        self.monitors[monitor["id"]] = kept | {"path": [kept["name"]], "tags": []}
        return {"ok": True, "msg": "Saved.", "monitorID": monitor["id"]}

    def _on_deleteMonitor(self, sid: str, number: int) -> dict[str, Any]:
        self.monitors.pop(number, None)
        return {"ok": True, "msg": "successDeleted"}

    def _kept(self, monitor: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        kept = dict.fromkeys(COLUMNS) | monitor
        self.monitors[number] = {**kept, "id": number, "active": True, "path": [kept["name"]], "tags": []}
        return self.monitors[number]

    def _on_addMaintenance(self, sid: str, given: dict[str, Any]) -> dict[str, Any]:
        if given["strategy"] != "single" or given["timezoneOption"] != "UTC":
            self.wrong.append(f"a maintenance that is not known here: {given}")
        begin, end = given["dateRange"]
        number = next(self._numbers)
        told = {"title": given["title"], "description": given["description"], "active": given["active"]}
        self.maintenances[number] = {**told, "id": number, "dateRange": [begin, end], "strategy": "single"}
        return {"ok": True, "msg": "successAdded", "maintenanceID": number}

    def _on_addMonitorMaintenance(self, sid: str, number: int, monitors: list[dict[str, int]]) -> Any:
        names = [self.monitors[each["id"]]["name"] for each in monitors]
        self.windows.append((self.maintenances[number]["title"], names))
        return {"ok": True, "msg": "successAdded"}

    def _on_deleteMaintenance(self, sid: str, number: int) -> dict[str, Any]:
        self.maintenances.pop(number, None)
        return {"ok": True, "msg": "successDeleted"}


def _refused(monitor: dict[str, Any]) -> dict[str, Any] | None:
    codes = monitor.get("accepted_statuscodes")
    if codes is None:
        return {"ok": False, "msg": "Cannot read properties of undefined (reading 'every')"}
    if not all(isinstance(each, str) for each in codes):
        return {"ok": False, "msg": "Accepted status codes are not all strings"}
    for name, what in (("interval", "Interval"), ("retryInterval", "Retry interval")):
        if (monitor.get(name) or 0) < 20:
            return {"ok": False, "msg": f"{what} cannot be less than 20 seconds"}
    json.dumps(monitor["conditions"])
    return None
