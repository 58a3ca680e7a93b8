"""What tests take by chance: one seed for the whole run, which is printed, makes a red run come again."""

import os
import random
from collections.abc import Callable

import hypothesis

SEED = int(os.environ.setdefault("SEED", str(random.SystemRandom().randrange(1 << 32))))
"""Of this run and all its processes; `SEED=… scripts/test` takes that of another run."""

chance = random.Random(SEED)
"""Each test begins it anew, whatever ran before."""


def begin(test: str, function: Callable[..., object]) -> None:
    """Begin anew for a test, and let Hypothesis do so when it calls the test's function."""
    chance.seed(f"{SEED} {test}")
    if hasattr(function, "hypothesis"):
        hypothesis.seed(f"{SEED} {test}")(getattr(function, "__func__", function))


def noise(size: int) -> bytes:
    """Bytes that do not compress."""
    whole, rest = divmod(size, 1 << 24)  # more at once is too much for it
    return b"".join(map(chance.randbytes, [1 << 24] * whole + [rest]))
