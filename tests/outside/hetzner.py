"""Hetzner's Cloud API as far as DNS goes, in memory: by its SDK and the documentation of its API."""

import itertools
import re
from typing import Any

from outside.provider import Asked, Provider, RefusedError, exact

TYPES = {
    "A",
    "AAAA",
    "CAA",
    "CNAME",
    "DS",
    "HINFO",
    "HTTPS",
    "MX",
    "NS",
    "PTR",
    "RP",
    "SOA",
    "SRV",
    "SVCB",
    "TLSA",
    "TXT",
}
WITH_HOST = {"CNAME", "MX", "NS", "SRV"}


class Hetzner(Provider):
    """Zones by their names; a change is an action, which runs for as many questions as `slow` says."""

    prefix = "/v1"
    rate = 3600

    def __init__(self, *names: str) -> None:
        self.zones: dict[str, dict[str, Any]] = {}
        self.sets: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.actions: dict[int, dict[str, Any]] = {}
        self.slow = 0
        self.failing = ""
        self._numbers = itertools.count(1)
        for name in names:
            self.add_zone(name)
        super().__init__()

    def add_zone(self, name: str, mode: str = "primary", delegation: str = "valid") -> None:
        number = next(self._numbers)
        servers = {"assigned": [], "delegated": [], "delegation_status": delegation}
        self.zones[name] = {
            "id": number, "name": name, "mode": mode, "ttl": 3600, "labels": {}, "status": "ok",
            "authoritative_nameservers": servers,
        }  # fmt: skip
        self.sets[name] = {}
        self.by_hand(name, "@", "NS", "hydrogen.ns.hetzner.com.")
        self.by_hand(name, "@", "SOA", "hydrogen.ns.hetzner.com. dns.hetzner.com. 1 86400 10800 3600000 3600")

    def by_hand(self, zone: str, name: str, kind: str, *values: str, ttl: int | None = None) -> None:
        """A record set as somebody makes it in the console."""
        self.sets[zone][name, kind] = {
            "id": f"{name}/{kind}", "name": name, "type": kind, "ttl": ttl, "labels": {},
            "protection": {"change": False}, "records": [{"value": value} for value in values],
        }  # fmt: skip

    def values(self, zone: str) -> list[str]:
        return sorted(
            f"{name} {kind} {record['value']}"
            for (name, kind), each in self.sets[zone].items()
            for record in each["records"]
            if kind not in ("SOA", "NS")
        )

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        path = asked.path.removeprefix(self.prefix)
        if (asked.method, path) == ("GET", "/zones"):
            return self._page(asked, "zones", list(self.zones.values()))
        if asked.method == "GET" and (found := re.fullmatch(r"/actions/(\d+)", path)):
            return 200, {"action": self._asked_for(int(found[1]))}
        found = re.fullmatch(r"/zones/(\d+)/rrsets(?:/([^/]+)/([A-Z]+)(?:/actions/(\w+))?)?", path)
        zone = next(
            (each["name"] for each in self.zones.values() if found and str(each["id"]) == found[1]), ""
        )
        if not found or not zone:
            raise RefusedError(404, "not_found", f"zone with ID {path} not found")
        if asked.method == "GET" and not found[2]:
            return self._page(asked, "rrsets", list(self.sets[zone].values()))
        if self.zones[zone]["mode"] != "primary":
            raise RefusedError(422, "incorrect_zone_mode", "the zone is in secondary mode")
        return self._changed(zone, asked, (found[2], found[3]), found[4] or "")

    def _changed(
        self, zone: str, asked: Asked, key: tuple[str, str], action: str
    ) -> tuple[int, dict[str, Any]]:
        sets, body = self.sets[zone], asked.body or {}
        if asked.method == "POST" and not key[0]:
            exact(body, {"name", "type", "ttl", "labels", "records"}, {"name", "type", "records"}, "a set")
            key = body["name"], body["type"]
            if key in sets:
                raise RefusedError(409, "uniqueness_error", "an RRSet with this name and type exists already")
            self._check(zone, key, body)
            made = {**body, "id": "/".join(key), "protection": {"change": False}}
            sets[key] = made
            return 201, {"rrset": made, "action": self._action("create_rrset")}
        if asked.method == "POST" and action == "add_records":
            exact(body, {"records", "ttl"}, {"records"}, "the records")
            self._check(zone, key, body)
            made = sets.get(key) or {"name": key[0], "type": key[1], "labels": {}, "records": []}
            sets[key] = {**made, "ttl": body.get("ttl"), "records": [*made["records"], *body["records"]]}
            return 201, {"action": self._action("add_rrset_records")}
        if key not in sets:
            raise RefusedError(404, "not_found", "the RRSet does not exist")
        if asked.method == "DELETE":
            del sets[key]
            return 201, {"action": self._action("delete_rrset")}
        if asked.method == "PUT":
            exact(body, {"labels"}, {"labels"}, "the change")
            sets[key]["labels"] = body["labels"]
            return 200, {"rrset": sets[key]}
        if asked.method == "POST" and action == "remove_records":
            exact(body, {"records"}, {"records"}, "the records")
            gone = [record["value"] for record in body["records"]]
            sets[key]["records"] = [each for each in sets[key]["records"] if each["value"] not in gone]
            if not sets[key]["records"]:
                del sets[key]
            return 201, {"action": self._action("remove_rrset_records")}
        if asked.method == "POST" and action == "set_records":
            exact(body, {"records"}, {"records"}, "the records")
            self._check(zone, key, body)
            sets[key]["records"] = body["records"]
            return 201, {"action": self._action("set_rrset_records")}
        if asked.method == "POST" and action == "change_ttl":
            exact(body, {"ttl"}, {"ttl"}, "the change")
            self._check_ttl(body["ttl"])
            sets[key]["ttl"] = body["ttl"]
            return 201, {"action": self._action("change_rrset_ttl")}
        raise RefusedError(405, "method_not_allowed", "this method is not allowed here")

    def _check(self, zone: str, key: tuple[str, str], body: dict[str, Any]) -> None:
        name, kind = key
        if kind not in TYPES or kind == "SOA" or name != name.lower() or name.endswith("."):
            raise RefusedError(422, "invalid_input", f"{name}/{kind} is no RRSet")
        others = {other for at, other in self.sets[zone] if at == name and other != kind}
        if others and (kind == "CNAME" or "CNAME" in others):
            raise RefusedError(422, "invalid_input", "a CNAME stands alone")
        self._check_ttl(body.get("ttl"))
        for key_, value in body.get("labels", {}).items():
            if not re.fullmatch(r"[A-Za-z0-9._-]{1,63}", key_) or len(value) > 63:
                raise RefusedError(422, "invalid_input", "this is no label")
        if not body["records"]:
            raise RefusedError(422, "invalid_input", "an RRSet has records")
        for record in body["records"]:
            exact(record, {"value", "comment"}, {"value"}, "a record")
            value = record["value"]
            if kind == "TXT" and not re.fullmatch(r'"[^"]{1,255}"( "[^"]{1,255}")*', value):
                raise RefusedError(422, "invalid_input", "TXT records are strings in quotes")
            if kind in WITH_HOST and not value.endswith("."):
                raise RefusedError(422, "invalid_input", f"{value} would be within the zone")

    def _check_ttl(self, ttl: int | None) -> None:
        if ttl is not None and not 60 <= ttl <= 2147483647:
            raise RefusedError(422, "invalid_input", "ttl is out of range")

    def _action(self, command: str) -> dict[str, Any]:
        number = next(self._numbers)
        self.actions[number] = {
            "id": number, "command": command, "status": "running", "progress": 0, "error": None,
            "left": self.slow,
        }  # fmt: skip
        return self._asked_for(number) if not self.slow else self._shown(number)

    def _asked_for(self, number: int) -> dict[str, Any]:
        if number not in self.actions:
            raise RefusedError(404, "not_found", "there is no such action")
        action = self.actions[number]
        if action["left"]:
            action["left"] -= 1
        elif self.failing:
            action |= {"status": "error", "error": {"code": "action_failed", "message": self.failing}}
        else:
            action |= {"status": "success", "progress": 100}
        return self._shown(number)

    def _shown(self, number: int) -> dict[str, Any]:
        return {key: value for key, value in self.actions[number].items() if key != "left"}

    def _page(self, asked: Asked, what: str, items: list[Any]) -> tuple[int, dict[str, Any]]:
        exact(asked.parameters, {"page", "per_page"}, set(), "the query")
        number, size = int(asked.parameters.get("page", 1)), int(asked.parameters.get("per_page", 25))
        if not 1 <= size <= 50:
            raise RefusedError(422, "invalid_input", "per_page is out of range")
        last = max(1, -(-len(items) // size))
        told = {
            "page": number, "per_page": size, "previous_page": number - 1 or None,
            "next_page": number + 1 if number < last else None, "last_page": last,
            "total_entries": len(items),
        }  # fmt: skip
        return 200, {what: items[(number - 1) * size : number * size], "meta": {"pagination": told}}

    def refusal(self, error: RefusedError) -> dict[str, Any]:
        return {"error": {"code": str(error.code), "message": error.message, "details": {}}}
