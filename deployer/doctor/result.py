"""What a check found, and what is known of a server from where it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deployer.audit.finding import Finding


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was looked at: what is wrong with it, and how it is in words. Neither: not there."""

    name: str
    words: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether nothing serious was found."""
        return not any(finding.serious for finding in self.findings)


@dataclass(frozen=True, slots=True)
class FromHere:
    """What this machine knows of a server without asking it.

    `clock` is the time here when it answered, 0 where that is not compared. `names` are the addresses of each
    name as the DNS here says, `server` those at which the server was reached, `at_home` the newest archives
    at home; None: they are on another machine. `unanswered` are the names of which the DNS said nothing.
    """

    clock: float = 0
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    server: frozenset[str] = frozenset()
    at_home: Mapping[str, datetime] | None = None
    unanswered: int = 0
