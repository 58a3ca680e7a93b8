"""Did you mean …?"""

from collections.abc import Iterable


def suggest(word: str, candidates: Iterable[str]) -> str:
    """ " (did you mean '…'?)" with the candidate that looks most like the word, or nothing."""
    import difflib

    close = difflib.get_close_matches(word, list(candidates), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""
