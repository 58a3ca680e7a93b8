"""Something that is not well, as a watch remembers it."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from deployer.audit.evidence import Evidence
from deployer.doctor import Result
from deployer.doctor.upkeep import late_copy

OUTSIDE = frozenset({"sites", "dns"})
"""Checks that a watch makes itself, as visitors do."""
REMARKS = frozenset({"reboot"})
"""Checks of which also what is not serious is told."""
WORK = {"backups": "+backups"}
"""Checks of which it is no fault that they find something while this is at work."""
NUMBER = re.compile(r"(?<!\S)[0-9][0-9.,]*%?(?!\S)")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is not well: `key` stays the same as long as it is the same, `site` is the one it is about."""

    key: str
    what: str
    site: str = ""


def of_doctor(results: Iterable[Result]) -> Iterator[Trouble]:
    """What a doctor finds; what differs only by its numbers is the same trouble."""
    for result in results:
        for finding in result.findings if result.name not in OUTSIDE else ():
            if finding.serious or result.name in REMARKS:
                site = (
                    finding.what.partition(":")[0] if result.name == "services" else WORK.get(result.name, "")
                )
                yield Trouble(f"doctor {result.name} {NUMBER.sub('#', finding.what)}", finding.what, site)


def of_bucket(
    seen: Evidence, in_s3: Mapping[str, datetime] | None, retired: Collection[str]
) -> Iterator[Trouble]:
    """Of which names the bucket has no archive that is new enough; None: nobody knows, or there is none."""
    for name in sorted({*seen.lines.get("backed_up", [])} - {*retired}):
        if told := late_copy(seen, name, in_s3, "in S3"):
            yield Trouble(f"s3 {name}", told, WORK["backups"])
