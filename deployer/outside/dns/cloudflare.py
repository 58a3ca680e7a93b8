"""DNS at Cloudflare: whose each record is stands in its comment, and a zone changes in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from deployer.errors import DeployError, UsageError
from deployer.outside.web import Answer, Web, pages
from deployer.planning.records import Record, RecordChange, Zone
from deployer.values.records import as_told, quoted, record_name

NAME = "Cloudflare"
ADDRESS = "https://api.cloudflare.com/client/v4"
RIGHTS = "Zone: Zone: Read and Zone: DNS: Edit"
AUTOMATIC = 1
ZONES_A_PAGE, RECORDS_A_PAGE = 50, 5000
MOST = 200
"""So many changes are in one transaction on every plan."""
REFUSED = (401, 403)
PROXIABLE = ("A", "AAAA", "CNAME")
PARTS = {
    "CAA": ("flags", "tag", "value"),
    "SRV": ("priority", "weight", "port", "target"),
    "SSHFP": ("algorithm", "type", "fingerprint"),
    "TLSA": ("usage", "selector", "matching_type", "certificate"),
}
"""What the words of a value are called, where Cloudflare takes it in parts."""


def zones(web: Web) -> Iterator[Zone]:
    """The zones that the token sees."""
    for each in _listed(web, "/zones", ZONES_A_PAGE):
        status = str(each.get("status", ""))
        remark = "" if status == "active" else f"is {status} there: its name servers are others"
        yield Zone(record_name(str(each["name"]).lower()), str(each["id"]), "", remark)


def read(web: Web, zone: Zone) -> Iterator[Record]:
    """All records of a zone."""
    for each in _listed(web, f"/zones/{zone.identifier}/dns_records", RECORDS_A_PAGE):
        ttl = int(each["ttl"])
        kind = str(each["type"])
        content = str(each["content"])
        if kind == "MX":
            content = f"{each['priority']} {content}"
        if kind == "SRV" and len(content.split()) == 3:
            content = f"{each['data']['priority']} {content}"
        yield Record(
            str(each["name"]).lower().removesuffix("."),
            kind,
            as_told(kind, content.replace("\t", " ")),
            None if ttl == AUTOMATIC else ttl,
            str(each.get("comment") or ""),
            str(each["id"]),
            bool(each.get("proxied")),
        )


def write(web: Web, zone: Zone, changes: Sequence[RecordChange]) -> None:
    """Make these changes, all or none of them; where they are more than one transaction takes, by names."""
    batch = Batch()
    for _, group in groupby(sorted(changes, key=lambda each: each.name), key=lambda each: each.name):
        more = Batch()
        for change in group:
            more.add(change)
        if batch.size + more.size > MOST:
            batch.send(web, zone)
            batch = Batch()
        batch.take(more)
    batch.send(web, zone)


@dataclass
class Batch:
    """What one transaction does."""

    deletes: list[dict[str, Any]] = field(default_factory=list)
    patches: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many changes are in it."""
        return sum(map(len, (self.deletes, self.patches, self.posts)))

    def take(self, more: "Batch") -> None:
        """Do these, too."""
        for name, values in vars(more).items():
            getattr(self, name).extend(values)

    def add(self, change: RecordChange) -> None:
        """Do this: a value that changes keeps the record that it is in."""
        there = {record.identifier: record for record in change.before}
        staying = {record.identifier for record in change.after}
        free = [record for record in change.before if record.identifier not in staying]
        for record in change.after:
            identifier = record.identifier or (free.pop(0).identifier if free else "")
            if not identifier:
                self.posts.append(_body(record))
            elif (record, record.proxied) != (there[identifier], there[identifier].proxied):
                self.patches.append({"id": identifier, **_body(record)})
        self.deletes += [{"id": record.identifier} for record in free]

    def send(self, web: Web, zone: Zone) -> None:
        """Have it done."""
        if self.size:
            body = {name: values for name, values in vars(self).items() if values}
            result(web, web.ask("POST", f"/zones/{zone.identifier}/dns_records/batch", body=body))


def _body(record: Record) -> dict[str, Any]:
    ttl = AUTOMATIC if record.ttl is None or record.proxied else record.ttl
    body: dict[str, Any] = {
        "name": record.name,
        "type": record.kind,
        "ttl": ttl,
        "comment": record.comment,
    }
    if record.kind in PROXIABLE:
        body["proxied"] = record.proxied
    if record.kind in PARTS:
        names = PARTS[record.kind]
        words = record.value.split(maxsplit=len(names) - 1)
        data: dict[str, Any] = {
            name: int(word) if word.isdigit() and name != names[-1] else word.strip('"')
            for name, word in zip(names, words, strict=True)
        }
        return {**body, "data": data}
    if record.kind == "MX":
        priority, _, host = record.value.partition(" ")
        return {**body, "priority": int(priority), "content": host}
    return {**body, "content": quoted(record.value) if record.kind == "TXT" else record.value}


def _listed(web: Web, path: str, a_page: int) -> Iterator[Mapping[str, Any]]:
    """All of a list, of however many pages; half of one is none."""
    count = 0
    for page in pages():
        answer = web.ask("GET", path, {"page": page, "per_page": a_page})
        found = result(web, answer)
        told = answer.body.get("result_info") or {}
        if not isinstance(found, list) or "total_count" not in told:
            raise DeployError(f"{web.name} answers with what is no list of its own")
        yield from found
        count += len(found)
        if count >= told["total_count"]:
            return
        if not found:
            break
    raise DeployError(
        f"{web.name} has told {count} of {told['total_count']} of a list", "Nothing was changed. Try again."
    )


def result(web: Web, answer: Answer) -> Any:
    """What it answers; raises UsageError where the token has not the right, DeployError where it refuses."""
    if answer.good and answer.body.get("success"):
        return answer.body.get("result")
    errors = [each for each in answer.body.get("errors") or () if isinstance(each, dict)]
    told = "; ".join(f"{each.get('message')} ({each.get('code')})" for each in errors)
    told = told or f"HTTP {answer.status}"
    if answer.status in REFUSED:
        raise UsageError(
            f"{web.name} refuses the token: {told}",
            f"It needs the rights {RIGHTS}, for the zones of these names.",
        )
    raise DeployError(f"{web.name} refuses: {told}")
