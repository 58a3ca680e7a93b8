"""How a server is, check by check, as a person reads it, and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.console import Group
from rich.text import Text

from deployer.doctor import Result
from deployer.report import data, harmless, out
from deployer.report.audit import STYLES
from deployer.suggested import with_file
from deployer.values.quantities import amount


def show_results(results: Sequence[Result], server: str) -> None:
    """Print a short line for what is well, and what is wrong with what mends it."""
    lines = [harmless(line) for line in result_lines(results, server)]
    if out.is_terminal:
        out.print(Group(*(Text(line, style=STYLES.get(line[:1], "")) for line in lines)))
    else:
        data("\n".join(lines))


def result_lines(results: Sequence[Result], server: str) -> Iterator[str]:
    """The lines of all checks, and a sentence about them."""
    for result in results:
        if not result.findings:
            yield f"✓ {result.name}: {result.words}"
        for finding in result.findings:
            yield f"{'✗' if finding.serious else '!'} {result.name}: {finding.what}"
            yield f"    why:  {finding.why}"
            yield f"    mend: {with_file(finding.mend)}"
    wrong = sum(finding.serious for result in results for finding in result.findings)
    remarks = sum(len(result.findings) for result in results) - wrong
    told = [amount(count, unit) for count, unit in ((wrong, "fault"), (remarks, "remark")) if count]
    yield f"{server}: {' and '.join(told)}." if told else f"{server}: all is well."


def as_json(results: Sequence[Result], server: str) -> str:
    """The results as one JSON document."""
    checks = [{**asdict(result), "fine": result.fine} for result in results]
    fine = all(result.fine for result in results)
    return json.dumps({"server": server, "fine": fine, "checks": checks}, indent=2)
