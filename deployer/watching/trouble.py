"""Something that is not well, as a watch remembers it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deployer.doctor import Result

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
