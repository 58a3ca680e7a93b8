"""Did you mean …?"""

from collections.abc import Iterable


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like the word, if any looks much like it."""
    import difflib

    return next(iter(difflib.get_close_matches(word[:250], list(candidates), n=1, cutoff=0.6)), None)


def suggest(word: str, candidates: Iterable[str]) -> str:
    """The text " (did you mean '…'?)" with the closest candidate, or nothing."""
    found = closest(word, candidates)
    return f" (did you mean '{found}'?)" if found else ""
