"""DNS at Hetzner, in its Cloud API: record sets with a label, whose changes are actions that end later."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deployer.errors import DeployError, UsageError
from deployer.outside.web import Answer, Web, pages
from deployer.planning.records import Record, RecordChange, Zone, is_mark
from deployer.values.records import as_told, quoted, record_name

NAME = "Hetzner"
ADDRESS = "https://api.hetzner.cloud/v1"
LABEL = {"managed-by": "deploy"}
A_PAGE = 50
REFUSED = (401, 403)
LONGEST_ACTION = 60.0
PAUSE = 0.5
"""Seconds between two questions whether an action has ended."""
FULL = ("CNAME", "MX", "NS", "SRV")
"""Types whose values end with a host, which has a dot at its end there."""


def zones(web: Web) -> Iterator[Zone]:
    """The zones of the token's project."""
    for each in _listed(web, "/zones", "zones"):
        status = str((each.get("authoritative_nameservers") or {}).get("delegation_status") or "valid")
        remark = "" if status in ("valid", "unknown") else f"is {status} there: its name servers are others"
        if each.get("mode") == "secondary":
            remark = "is a copy of another server's there: nothing can be written"
        yield Zone(record_name(str(each["name"]).lower()), str(each["id"]), "", remark)


def read(web: Web, zone: Zone) -> Iterator[Record]:
    """All records of a zone."""
    for each in _listed(web, f"/zones/{zone.identifier}/rrsets", "rrsets"):
        label, kind = str(each["name"]).lower(), str(each["type"])
        name = zone.name if label == "@" else f"{label}.{zone.name}"
        for one in each["records"]:
            value = as_told(kind, _absolute(kind, str(one["value"]), zone))
            yield Record(name, kind, value, each.get("ttl"), str(one.get("comment") or ""), value)


def write(web: Web, zone: Zone, changes: Sequence[RecordChange]) -> None:
    """Make these changes, one record set after the other: what goes makes room for what comes."""
    for change in sorted(changes, key=lambda each: bool(each.after)):
        for method, path, body in _steps(zone, change):
            answer = web.ask(method, f"/zones/{zone.identifier}/rrsets{path}", body=body)
            _end(web, _good(web, answer).get("action"))


def _steps(zone: Zone, change: RecordChange) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """The requests of one record set."""
    here = f"/{change.label}/{change.kind}"
    records = [_body(record) for record in change.after]
    ttls = {record.ttl for record in change.after if is_mark(record.comment)}
    ttl = next(iter(ttls), None)
    if not change.after:
        yield "DELETE", here, None
    elif not change.before:
        body = {"name": change.label, "type": change.kind, "ttl": ttl, "labels": LABEL, "records": records}
        yield "POST", "", body
    else:
        if _told(change.before) != _told(change.after):
            yield "POST", f"{here}/actions/set_records", {"records": records}
        if ttls and {record.ttl for record in change.before} != {ttl}:
            yield "POST", f"{here}/actions/change_ttl", {"ttl": ttl}
        yield "PUT", here, {"labels": LABEL if ttls else {}}


def _told(records: Sequence[Record]) -> set[tuple[str, str]]:
    return {(record.value, record.comment) for record in records}


def _body(record: Record) -> dict[str, str]:
    value = quoted(record.value) if record.kind == "TXT" else record.value
    if record.kind in FULL and not value.endswith("."):
        value = f"{value}."
    return {"value": value, "comment": record.comment} if record.comment else {"value": value}


def _absolute(kind: str, value: str, zone: Zone) -> str:
    """A value whose host may be within the zone."""
    if kind not in FULL or value.endswith("."):
        return value
    *words, host = value.split()
    return " ".join([*words, zone.name if host == "@" else f"{host}.{zone.name}"])


def _end(web: Web, action: Mapping[str, Any] | None) -> None:
    """Wait until an action has ended; raises DeployError where it fails, or does not end."""
    begun = time.monotonic()
    while action and action["status"] == "running":
        if time.monotonic() - begun > LONGEST_ACTION:
            raise DeployError(
                f"{web.name} is still at it after {LONGEST_ACTION:.0f} s: {action['command']}",
                "It may still end: deploy plan tells.",
            )
        time.sleep(PAUSE)
        action = _good(web, web.ask("GET", f"/actions/{int(action['id'])}"))["action"]
    if action and action["status"] == "error":
        raise DeployError(f"{web.name} could not do it: {(action.get('error') or {}).get('message')}")


def _listed(web: Web, path: str, what: str) -> Iterator[Mapping[str, Any]]:
    """All of a list, of however many pages; half of one is none."""
    count = 0
    for page in pages():
        body = _good(web, web.ask("GET", path, {"page": page, "per_page": A_PAGE}))
        found, told = body.get(what), (body.get("meta") or {}).get("pagination") or {}
        if not isinstance(found, list) or "next_page" not in told:
            raise DeployError(f"{web.name} answers with what is no list of its own")
        yield from found
        count += len(found)
        if told["next_page"] is None:
            if told.get("total_entries") not in (None, count):
                raise DeployError(
                    f"{web.name} has told {count} of {told['total_entries']} of a list",
                    "Nothing was changed. Try again.",
                )
            return


def _good(web: Web, answer: Answer) -> Mapping[str, Any]:
    if answer.good:
        return answer.body
    error = answer.body.get("error") or {}
    told = f"{error.get('message') or 'HTTP'} ({error.get('code') or answer.status})"
    if answer.status in REFUSED:
        raise UsageError(
            f"{web.name} refuses the token: {told}",
            "It needs to be one for reading and writing, of the project in which the zones are.",
        )
    raise DeployError(f"{web.name} refuses: {told}")
