"""The mirrors of a Gitea, as its server tells of them, and what is wrong with each; pure."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Fault(StrEnum):
    """Why a mirror is not what it shall be; the words are those of the JSON."""

    NONE = ""
    ABSENT = "not made yet"
    NO_REPOSITORY = "no such repository here"
    TAKEN = "another repository has its place"
    TWO_FACTOR = "two-factor"
    RATE_LIMIT = "rate limit"
    PROTECTED = "protected branch"
    TOO_LARGE = "too large"
    MISSING = "repository missing there"
    TOKEN = "token not taken"
    RIGHT = "token without right"
    NETWORK = "network"
    OTHER = "refused"
    LATE = "behind"


WORDS: tuple[tuple[Fault, tuple[str, ...]], ...] = (
    (
        Fault.TWO_FACTOR,
        (
            r"two.?factor",
            r"\b2fa\b",
            r"\bOTP\b",
            "one-time password",
            "SAML SSO",
        ),
    ),
    (
        Fault.RATE_LIMIT,
        ("rate.?limit", "too many requests", "error: 429", "retry later", "abuse detection"),
    ),
    (
        Fault.TOO_LARGE,
        ("GH001", "exceeds .*(file|size) limit", "large files detected", "error: 413"),
    ),
    (
        Fault.RIGHT,
        (
            "refusing to allow .* without .* scope",
            "permission to .* denied",
            "is archived",
            "write access to repository not granted",
            "not allowed to (push|upload) code",
            "error: 403",
            "forbidden",
            "read-?only",
            "unauthorized to push",
        ),
    ),
    (
        Fault.PROTECTED,
        (
            "GH00[36]",
            "GH013",
            "protected (branch|ref|tag)",
            "hook declined",
            "repository rule violations",
            "not allowed to (force|delete)",
            "remote rejected",
        ),
    ),
    (
        Fault.TOKEN,
        (
            "authentication failed",
            "invalid username or (password|token)",
            "bad credentials",
            "HTTP Basic: Access denied",
            "could not read (username|password)",
            "error: 401",
            "invalid credentials",
            "unauthorized",
        ),
    ),
    (
        Fault.MISSING,
        (
            "repository .*not (be )?found",
            "could not be found",
            "error: 404",
            "push to create is not enabled",
            "not appear to be a git repository",
        ),
    ),
    (
        Fault.NETWORK,
        (
            "could not resolve",
            "(failed to|couldn't) connect",
            "connection (refused|reset|timed out)",
            "timed? ?out",
            "no route to host",
            "unreachable",
            "SSL",
            "certificate",
            "early EOF",
            "hung up",
            "RPC failed",
            "unable to access",
            "signal: killed",
        ),
    ),
)
"""How other sides, Git and curl say it; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """One repository on one other side. `differing` branches and tags are not the same there.

    `there`: ours, by-hand (left alone), absent, no-repository, or taken by what `said` names. `made` is when
    it was, and `pushed` when it was last, in Unix time, `said` what Git said if that failed; `refused` what
    it says now where the other side is only asked.
    """

    site: str
    mirror: str
    repository: str
    address: str
    there: str
    interval: int
    made: float
    pushed: float
    said: str
    differing: int | None
    refused: str

    def fault(self, now: float) -> Fault:
        """What is wrong; LATE where it is behind for longer than its interval, and nobody says why."""
        at_once = {"absent": Fault.ABSENT, "no-repository": Fault.NO_REPOSITORY, "taken": Fault.TAKEN}
        if self.there in at_once:
            return at_once[self.there]
        if self.refused:
            return fault_of(self.refused)
        if self.said and self.differing:
            return fault_of(self.said)
        waiting = now - max(self.pushed, self.made)
        return Fault.LATE if self.differing and waiting > self.interval else Fault.NONE

    @property
    def words(self) -> str:
        """What Git said of it, if it said something."""
        return self.refused or (self.said if self.there != "taken" else "")


def read_mirrors(text: str) -> list[Mirror]:
    """Understand what the program `mirrors` prints."""
    return [
        Mirror(**{**each, "made": _time(each["made"]), "pushed": _time(each["pushed"])})
        for each in json.loads(text)
    ]


def fault_of(words: str) -> Fault:
    """Which fault Git's words tell of."""
    found = (fault for fault, said in WORDS if any(re.search(each, words, re.IGNORECASE) for each in said))
    return next(found, Fault.OTHER)


def _time(text: str) -> float:
    try:
        return max(datetime.fromisoformat(text).astimezone(UTC).timestamp(), 0)
    except (ValueError, OverflowError):
        return 0
