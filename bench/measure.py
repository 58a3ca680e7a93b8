"""Measuring: the time that a program takes, and the figures that a table shows."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

CHECKOUT = Path(__file__).resolve().parent.parent
WORK = CHECKOUT / ".bench"
DEPLOY = str(CHECKOUT / ".venv/bin/deploy")


class Failed(Exception):
    """A program that is measured did not do its work: a figure would mean nothing."""


@dataclass(frozen=True)
class Command:
    """A program to run: its arguments, where, and what it needs in its environment."""

    argv: Sequence[str]
    folder: Path = CHECKOUT
    environment: Mapping[str, str] = field(default_factory=dict)


def seconds(command: Command, fine: Sequence[int] = (0,)) -> float:
    """How long the program takes from start to end; raises Failed with its words when it fails."""
    return timed(command, fine)[0]


def timed(command: Command, fine: Sequence[int] = (0,)) -> tuple[float, str]:
    """How long the program takes, and all that it said."""
    began = time.perf_counter()
    done = subprocess.run(
        command.argv,
        cwd=command.folder,
        env={**os.environ, **command.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode not in fine:
        words = "\n".join(done.stdout.splitlines()[-30:])
        raise Failed(f"{' '.join(command.argv)} ended with code {done.returncode}:\n{words}")
    return took, done.stdout


def shown(figures: Sequence[float]) -> str:
    """The median of measured seconds as a person writes it, and the range when there are several."""
    factor, unit = (1000, "ms") if median(figures) < 0.5 else (1, "s")
    low, middle, high = (three_digits(f(figures) * factor) for f in (min, median, max))
    return f"{middle} {unit} ({low}–{high})" if len(figures) > 1 else f"{middle} {unit}"


def three_digits(figure: float) -> str:
    """A figure with the digits that mean something."""
    return f"{figure:.2f}" if figure < 10 else f"{figure:.1f}" if figure < 100 else f"{figure:.0f}"


def times(slow: Sequence[float], fast: Sequence[float]) -> str:
    """How many times as long the median of one takes as that of the other."""
    ratio = median(slow) / median(fast)
    return f"{ratio:.1f}×" if ratio < 10 else f"{ratio:.0f}×"


def progress(text: str) -> None:
    """Tell the person who waits."""
    print(f"  {text}", flush=True)
