"""What an audit found, as a person reads it, and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.console import Group
from rich.text import Text

from deployer.audit import Finding
from deployer.report import data, harmless, out
from deployer.suggested import with_file
from deployer.values.quantities import amount

STYLES = {"✗": "bold red", "!": "yellow", "✓": "green"}


def show_findings(findings: Sequence[Finding], server: str) -> None:
    """Print each finding in three lines, and a sentence about all."""
    lines = [harmless(line) for line in finding_lines(findings, server)]
    if out.is_terminal:
        out.print(Group(*(Text(line, style=STYLES.get(line[:1], "")) for line in lines)))
    else:
        data("\n".join(lines))


def finding_lines(findings: Sequence[Finding], server: str) -> Iterator[str]:
    """The lines of all findings."""
    for each in findings:
        yield f"{'✗' if each.serious else '!'} {each.what}"
        yield f"    why:  {each.why}"
        yield f"    mend: {with_file(each.mend)}"
    serious = sum(each.serious for each in findings)
    others = len(findings) - serious
    if not findings:
        yield f"✓ {server}: nothing found."
    else:
        told = [amount(serious, "serious finding")] if serious else ["nothing serious"]
        yield f"{server}: {' and '.join([*told, *([amount(others, 'remark')] if others else [])])}."


def as_json(findings: Sequence[Finding], server: str) -> str:
    """The findings as one JSON document."""
    document = {"server": server, "findings": [asdict(each) for each in findings]}
    return json.dumps(document, indent=2)
