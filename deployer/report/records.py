"""The DNS records of zones, and whose they are."""

import json
from collections.abc import Iterator, Sequence

from deployer.planning.records import Record, SeenZone, is_edited, is_ours
from deployer.report import harmless


def zone_lines(zones: Sequence[SeenZone], failures: Sequence[str], server: str) -> Iterator[str]:
    """Each record of each zone in a line."""
    for zone in zones:
        ours = sum(is_ours(record, server) for record in zone.records)
        yield f"{zone.zone.name}: {ours} ours, {len(zone.records) - ours} not ours"
        for record in _sorted(zone):
            yield harmless(f"  {record.line}{_whose(record, server)}")
    yield from (f"✗ {failure}" for failure in failures)


def as_json(seen: Sequence[SeenZone], failures: Sequence[str], server: str) -> str:
    """The same as one JSON document."""
    zones = [
        {
            "name": zone.zone.name,
            "records": [
                {
                    "name": record.name,
                    "type": record.kind,
                    "value": record.value,
                    "ttl": record.ttl,
                    "comment": record.comment,
                    "proxied": record.proxied,
                    "ours": is_ours(record, server),
                    "edited": is_ours(record, server) and is_edited(record),
                }
                for record in _sorted(zone)
            ],
        }
        for zone in seen
    ]
    return json.dumps({"zones": zones, "failures": failures}, indent=2)


def _sorted(zone: SeenZone) -> list[Record]:
    return sorted(zone.records, key=lambda record: (record.name.split(".")[::-1], record.kind, record.value))


def _whose(record: Record, server: str) -> str:
    if not is_ours(record, server):
        return f"  (not ours{f': {record.comment}' if record.comment else ''})"
    return "  (edited by hand)" if is_edited(record) else ""
