"""The shortest sequence of steps that still breaks the same rule."""

from collections.abc import Callable, Sequence


def shortest(steps: Sequence[str], breaks: Callable[[Sequence[str]], bool]) -> list[str]:
    """Leave out halves, then quarters, and at last single steps, as long as what is left breaks."""
    kept, size = list(steps), max(len(steps) // 2, 1)
    while True:
        before, begin = len(kept), 0
        while begin < len(kept):
            fewer = kept[:begin] + kept[begin + size :]
            if fewer and breaks(fewer):
                kept = fewer
            else:
                begin += size
        if size == 1 and len(kept) == before:
            return kept
        size = max(size // 2, 1)
