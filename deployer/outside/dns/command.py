"""DNS anywhere: a program of the user's that reads and writes a zone, told what by JSON (docs/dns.md)."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from deployer.config.keeper import Keeper
from deployer.errors import DeployError
from deployer.outside.dns.marks import marked, with_register
from deployer.planning.records import Record, RecordChange, Zone
from deployer.values.records import as_told, record_name

LONGEST = 120
"""So many seconds a program has for one question."""


@dataclass
class Program:
    """A program, the zone that it keeps, and whether it can keep a comment with a record."""

    path: str
    zone: str
    token: str
    comments: bool = True

    @property
    def name(self) -> str:
        """What messages call it."""
        return os.path.basename(self.path)

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Its answer; raises DeployError where there is none."""
        given = {**os.environ, "DEPLOY_DNS_TOKEN": self.token}
        asked = json.dumps({"zone": self.zone, **question})
        try:
            done = subprocess.run(
                [self.path],
                input=asked,
                capture_output=True,
                text=True,
                env=given,
                timeout=LONGEST,
                check=False,
            )
        except OSError as error:
            raise DeployError(f"{self.path} cannot be run: {error.strerror}", "chmod +x, perhaps.") from error
        except subprocess.TimeoutExpired as error:
            raise DeployError(f"{self.name} has not answered in {LONGEST} s, and was ended") from error
        if done.returncode:
            words = done.stderr.strip().split("\n")[-1].replace(self.token or "\0", "…")
            raise DeployError(f"{self.name} says: {words or f'exit code {done.returncode}'}")
        try:
            answer = json.loads(done.stdout or "{}")
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise DeployError(f"{self.name} answers with what is no JSON", "See docs/dns.md.")
        return answer


@contextmanager
def connection(keeper: Keeper, token: str, zone: str) -> Iterator[Program]:
    """A way to ask it."""
    yield Program(keeper.program or "", zone, token)


def zones(program: Program) -> Iterator[Zone]:
    """The one that sites.yaml says."""
    yield Zone(program.zone, program.zone, "")


def read(program: Program, zone: Zone) -> Iterator[Record]:
    """All records of a zone."""
    answer = program.ask({"action": "read"})
    program.comments = answer.get("comments", True) is not False
    found = []
    for each in answer["records"]:
        kind, ttl = str(each["type"]), each.get("ttl")
        value = as_told(kind, str(each["value"]))
        name = record_name(str(each["name"]).lower())
        comment, identifier = str(each.get("comment") or ""), str(each.get("id") or f"{name} {kind} {value}")
        found.append(Record(name, kind, value, None if ttl is None else int(ttl), comment, identifier))
    yield from found if program.comments else marked(found, zone)


def write(program: Program, zone: Zone, changes: Sequence[RecordChange]) -> None:
    """Have these changes made, in one call."""
    if not program.comments:
        changes = with_register(changes, list(_plain(program)), zone)
    delete = [record for change in changes for record in change.going]
    create = [record for change in changes for record in change.coming]
    program.ask({"action": "write", "delete": [*map(_told, delete)], "create": [*map(_told, create)]})


def _plain(program: Program) -> Iterator[Record]:
    for each in program.ask({"action": "read"})["records"]:
        yield Record(str(each["name"]), str(each["type"]), as_told(str(each["type"]), str(each["value"])))


def _told(record: Record) -> dict[str, Any]:
    told = {"name": record.name, "type": record.kind, "value": record.value}
    more = {"ttl": record.ttl, "comment": record.comment or None, "id": record.identifier or None}
    return told | {key: value for key, value in more.items() if value is not None}
