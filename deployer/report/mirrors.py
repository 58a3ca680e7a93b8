"""The mirrors of a Gitea, as a table and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.text import Text

from deployer.report import say
from deployer.report.table import show_table
from deployer.seen.mirrors import Fault, Mirror
from deployer.values.quantities import duration_text

ADVICE = {
    Fault.ABSENT: "deploy apply {site} makes it",
    Fault.NO_REPOSITORY: "{site} has no {repository}, or it is archived or a mirror itself: see "
    "repositories: in sites.yaml",
    Fault.TAKEN: "{taken} goes to {address} already: name one of them in repositories:",
    Fault.TWO_FACTOR: "the other side asks for a second factor: make a token there for this alone, "
    "authorised for the organisation, and apply",
    Fault.RATE_LIMIT: "the other side takes no more for now: it is tried again after {interval}; "
    "a longer interval: asks less often",
    Fault.PROTECTED: "the other side refuses a branch or tag: take its protection away there, "
    "for a mirror is pushed with force",
    Fault.TOO_LARGE: "the other side takes no file of that size: keep it in Git LFS, or leave this out of "
    "repositories:",
    Fault.MISSING: "make an empty repository {address} there, which the token can see",
    Fault.TOKEN: "the token is wrong or has expired: make another one there, and apply with it",
    Fault.RIGHT: "the token may not write there: give it the right to write, on GitHub also to workflows",
    Fault.NETWORK: "the server does not reach it",
    Fault.OTHER: "see what Git says",
    Fault.LATE: "it was not pushed in time: deploy mirrors {site} pushes it now",
}


def show_mirrors(mirrors: Sequence[Mirror], now: float) -> None:
    """Print one row for each, and then what is wrong with which, and what helps."""
    head = ("site", "repository", "to", "state", "pushed")
    show_table(head, [_row(each, now) for each in mirrors])
    for each in mirrors:
        for line in trouble(each, now):
            say(line, style="yellow")


def trouble(each: Mirror, now: float) -> Iterator[str]:
    """What is wrong with a mirror, what Git said last, and what helps."""
    fault = each.fault(now)
    if fault is Fault.NONE:
        return
    told = ADVICE[fault].format(
        site=each.site,
        repository=each.repository,
        address=each.address,
        taken=each.said,
        interval=duration_text(each.interval),
    )
    yield f"! {each.repository} to {each.mirror}: {fault}: {told}"
    yield from (f"  {line}" for line in each.words.strip().split("\n")[-3:] if line.strip())


def mirrors_json(mirrors: Sequence[Mirror], now: float) -> str:
    """The mirrors as one JSON document."""
    return json.dumps([{**asdict(each), "fault": str(each.fault(now))} for each in mirrors], indent=2)


def _row(each: Mirror, now: float) -> tuple[str | Text, ...]:
    fault = each.fault(now)
    pushed = datetime.fromtimestamp(each.pushed, UTC).strftime("%Y-%m-%d %H:%M") if each.pushed else "–"
    return (each.site, each.repository, each.address, _state(each, fault), pushed)


def _state(each: Mirror, fault: Fault) -> Text:
    by_hand = ", made by hand" if each.there == "by-hand" else ""
    if each.differing:
        behind = "1 branch or tag" if each.differing == 1 else f"{each.differing} branches and tags"
        why = f", {fault}" if fault not in (Fault.NONE, Fault.LATE) else ""
        return Text(f"{behind} behind{why}{by_hand}", style=_style(fault))
    return Text(f"{fault or 'the same'}{by_hand}", style=_style(fault))


def _style(fault: Fault) -> str:
    return "bold red" if fault else "green"
