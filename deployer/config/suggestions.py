"""Did you mean …?"""

from collections.abc import Iterable

ELSEWHERE = {
    "cron": "jobs",
    "domains": "aliases",
    "git": "repository",
    "health": "probe",
    "healthcheck": "probe",
}
"""What keys are called here that have this name in Compose, Dokku or Kamal."""


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is called so elsewhere, or that the word begins or looks much like."""
    import difflib

    known = list(candidates)
    if ELSEWHERE.get(word) in known:
        return ELSEWHERE[word]
    begun = [each for each in known if len(word) > 2 and each.startswith(word)]
    alike = begun or difflib.get_close_matches(word[:250], known, n=1, cutoff=0.6)
    return next(iter(alike), None)


def suggest(word: str, candidates: Iterable[str]) -> str:
    """The text " (did you mean '…'?)" with the closest candidate, or nothing."""
    found = closest(word, candidates)
    return f" (did you mean '{found}'?)" if found else ""
