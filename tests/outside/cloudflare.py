"""Cloudflare as far as DNS goes, in memory: by its SDK's types and the documentation of its API."""

import copy
import ipaddress
import itertools
import re
from typing import Any

from outside.provider import Asked, Provider, RefusedError, exact

COMMON = {"name", "type", "ttl", "comment", "proxied", "tags", "settings", "content", "data", "priority"}
DATA = {
    "CAA": {"flags", "tag", "value"},
    "SRV": {"priority", "weight", "port", "target"},
    "SSHFP": {"algorithm", "type", "fingerprint"},
    "TLSA": {"usage", "selector", "matching_type", "certificate"},
}
MADE = "2026-01-02T03:04:05.000000Z"
PROXIABLE = {"A", "AAAA", "CNAME"}
SETTINGS = {
    "ssl": {"off", "flexible", "full", "strict"},
    "security_level": {"off", "essentially_off", "low", "medium", "high", "under_attack"},
}


class Cloudflare(Provider):
    """Zones by their ids; a batch is done whole or not at all."""

    prefix = "/client/v4"
    unauthorized = (403, 9109, "Invalid access token")
    most = 200

    def __init__(self, *names: str) -> None:
        self.zones: dict[str, dict[str, Any]] = {}
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.settings: dict[str, dict[str, str]] = {}
        self.read_only = False
        self.no_settings = False
        self._numbers = itertools.count(1)
        for name in names:
            self.add_zone(name)
        super().__init__()

    def add_zone(self, name: str, status: str = "active") -> str:
        identifier = f"{len(self.zones) + 1:032x}"
        self.zones[identifier] = {"id": identifier, "name": name, "status": status, "type": "full"}
        self.records[identifier] = {}
        self.settings[identifier] = {"ssl": "strict", "security_level": "medium"}
        return identifier

    def level(self, zone: str) -> str:
        identifier = next(each["id"] for each in self.zones.values() if each["name"] == zone)
        return self.settings[identifier]["security_level"]

    def proxied(self, zone: str) -> list[str]:
        """The names that Cloudflare stands before."""
        return [each["name"] for each in self.of(zone) if each["proxied"]]

    def by_hand(self, zone: str, **record: Any) -> str:
        """A record as somebody makes it in the dashboard."""
        identifier = next(each["id"] for each in self.zones.values() if each["name"] == zone)
        return self._made(self.records[identifier], identifier, {"ttl": 1, **record})["id"]

    def of(self, zone: str) -> list[dict[str, Any]]:
        """All records of a zone."""
        identifier = next(each["id"] for each in self.zones.values() if each["name"] == zone)
        return sorted(self.records[identifier].values(), key=lambda each: (each["name"], each["type"]))

    def values(self, zone: str) -> list[str]:
        return [f"{each['name']} {each['type']} {each['content']}" for each in self.of(zone)]

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        path = asked.path.removeprefix(self.prefix)
        if (asked.method, path) == ("GET", "/zones"):
            exact(asked.parameters, {"page", "per_page", "name", "status"}, set(), "the query")
            return self._page(asked, list(self.zones.values()), 50)
        if found := re.fullmatch(r"/zones/([0-9a-f]{32})/settings/([a-z_]+)", path):
            return 200, self._good(self._setting(asked, found[1], found[2]))
        found = re.fullmatch(r"/zones/([0-9a-f]{32})/dns_records(/batch|/[0-9a-f]{32})?", path)
        if not found or found[1] not in self.zones:
            raise RefusedError(404, 7003, f"Could not route to {path}")
        if asked.method == "GET" and not found[2]:
            exact(asked.parameters, {"page", "per_page", "type", "name"}, set(), "the query")
            asked_for = {key: asked.parameters[key] for key in ("type", "name") if key in asked.parameters}
            every = [each for each in self.records[found[1]].values() if asked_for.items() <= each.items()]
            return self._page(asked, every, 5_000_000)
        if asked.method == "POST" and not found[2]:
            exact(asked.body or {}, COMMON, {"name", "type", "ttl"}, "a record")
            return 200, self._good(self._made(self.records[found[1]], found[1], asked.body or {}))
        if asked.method == "DELETE" and found[2] not in (None, "/batch"):
            return 200, self._good({"id": self._taken(self.records[found[1]], found[2][1:])["id"]})
        if asked.method == "POST" and found[2] == "/batch":
            if self.read_only:
                raise RefusedError(403, 10000, "Authentication error")
            return 200, self._good(self._batch(found[1], asked.body or {}))
        raise RefusedError(405, 10405, "Method not allowed for this authentication scheme")

    def _setting(self, asked: Asked, zone: str, name: str) -> dict[str, Any]:
        if self.no_settings:
            raise RefusedError(403, 9109, "Unauthorized to access requested resource")
        if zone not in self.zones or name not in SETTINGS:
            raise RefusedError(404, 7003, f"Could not route to {asked.path}")
        if asked.method == "PATCH":
            if self.read_only:
                raise RefusedError(403, 10000, "Authentication error")
            exact(asked.body or {}, {"value"}, {"value"}, "the setting")
            if (asked.body or {})["value"] not in SETTINGS[name]:
                raise RefusedError(400, 1007, f"Invalid value for zone setting {name}")
            self.settings[zone][name] = (asked.body or {})["value"]
        elif asked.method != "GET":
            raise RefusedError(405, 10405, "Method not allowed for this authentication scheme")
        return {"id": name, "value": self.settings[zone][name], "editable": True, "modified_on": None}

    def refusal(self, error: RefusedError) -> dict[str, Any]:
        errors = [{"code": error.code if isinstance(error.code, int) else 1004, "message": error.message}]
        return {"success": False, "errors": errors, "messages": [], "result": None}

    def _good(self, result: Any, **more: Any) -> dict[str, Any]:
        return {"success": True, "errors": [], "messages": [], "result": result, **more}

    def _page(self, asked: Asked, items: list[Any], most: int) -> tuple[int, dict[str, Any]]:
        number, size = int(asked.parameters.get("page", 1)), int(asked.parameters.get("per_page", 20))
        if not 1 <= size <= most or number < 1:
            raise RefusedError(400, 1004, "per_page is out of range")
        part = items[(number - 1) * size : number * size]
        info = {"page": number, "per_page": size, "count": len(part), "total_count": len(items)}
        info["total_pages"] = -(-len(items) // size)
        return 200, self._good(part, result_info=info)

    def _batch(self, zone: str, body: dict[str, Any]) -> dict[str, Any]:
        exact(body, {"deletes", "patches", "puts", "posts"}, set(), "the batch")
        if sum(map(len, body.values())) > self.most:
            raise RefusedError(400, 1004, "too many changes in a batch")
        records = copy.deepcopy(self.records[zone])
        done: dict[str, Any] = {"deletes": [], "patches": [], "posts": []}
        for each in body.get("deletes", ()):
            exact(each, {"id"}, {"id"}, "a delete")
            done["deletes"].append(self._taken(records, each["id"]))
        for each in body.get("patches", ()):
            exact(each, COMMON | {"id"}, {"id"}, "a patch")
            old = self._taken(records, each["id"])
            done["patches"].append(self._made(records, zone, {**old, **each}))
        for each in body.get("posts", ()):
            exact(each, COMMON, {"name", "type", "ttl"}, "a post")
            done["posts"].append(self._made(records, zone, each))
        self.records[zone] = records
        return done

    def _taken(self, records: dict[str, dict[str, Any]], identifier: str) -> dict[str, Any]:
        if identifier not in records:
            raise RefusedError(404, 81044, "Record does not exist.")
        return records.pop(identifier)

    def _made(self, records: dict[str, dict[str, Any]], zone: str, given: dict[str, Any]) -> dict[str, Any]:
        name, kind, top = given["name"], given["type"], self.zones[zone]["name"]
        if name != top and not name.endswith(f".{top}"):
            raise RefusedError(400, 9005, f"{name} is not in the zone")
        content = given.get("content")
        if kind in DATA:
            data = given.get("data")
            if not isinstance(data, dict) or {*data} != DATA[kind]:
                raise RefusedError(400, 9101, f"data of {kind} is wrong")
            words = [str(data[key]) for key in given["data"]]
            content = f'{words[0]} {words[1]} "{words[2]}"' if kind == "CAA" else " ".join(words)
        if kind == "A":
            ipaddress.IPv4Address(content)
        if kind == "AAAA":
            ipaddress.IPv6Address(content)
        if kind == "MX" and not isinstance(given.get("priority"), int):
            raise RefusedError(400, 9102, "priority is required")
        if kind == "TXT" and not re.fullmatch(r'"[^"]{0,255}"( "[^"]{0,255}")*', content):
            raise RefusedError(400, 9207, "content of a TXT record is in quotes")
        ttl, proxied = given["ttl"], given.get("proxied", False)
        if ttl != 1 and not 60 <= ttl <= 86400:
            raise RefusedError(400, 9021, "ttl is out of range")
        if proxied and (kind not in PROXIABLE or ttl != 1):
            raise RefusedError(400, 9004, "this record cannot be proxied")
        if len(given.get("comment") or "") > 100:
            raise RefusedError(400, 9301, "the comment is too long")
        for other in records.values():
            if (
                other["name"] == name
                and "CNAME" in (kind, other["type"])
                and PROXIABLE & {kind, other["type"]}
            ):
                raise RefusedError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
            if (other["name"], other["type"], other["content"]) == (name, kind, content):
                raise RefusedError(400, 81058, "An identical record already exists.")
        identifier = given.get("id") or f"{next(self._numbers):032x}"
        made = {
            "id": identifier, "name": name, "type": kind, "content": content, "ttl": ttl,
            "proxied": proxied, "proxiable": kind in PROXIABLE, "comment": given.get("comment"), "tags": [],
            "settings": {}, "meta": {}, "created_on": MADE, "modified_on": MADE,
        }  # fmt: skip
        if kind in DATA:
            made["data"] = given["data"]
        if kind == "MX":
            made["priority"] = given["priority"]
        records[identifier] = made
        return made
