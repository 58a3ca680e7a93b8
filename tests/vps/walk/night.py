"""Walks for a night: scripts/walk calls this."""

import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from random import SystemRandom

from vps.walk.ground import Ground
from vps.walk.paths import Walked, by_chance, shrunk, walked
from vps.walk.vocabulary import read


def arguments() -> Namespace:
    """What was asked for."""
    parser = ArgumentParser(prog="scripts/walk", description=__doc__)
    parser.add_argument(
        "files", nargs="*", type=Path, help="take the steps of these files instead; - is standard input"
    )
    parser.add_argument(
        "--seed", type=int, help="the first walk's; the next has the next (default: by chance)"
    )
    parser.add_argument("--steps", type=int, default=50, help="of each walk")
    parser.add_argument("--walks", type=int, default=1, help="how many")
    parser.add_argument("--release", default="debian-13", choices=("debian-12", "debian-13"))
    parser.add_argument("--without", nargs="*", default=[], metavar="STEP", help="never take these by chance")
    parser.add_argument("--as-it-is", action="store_true", help="do not look for the shortest sequence")
    return parser.parse_args()


def say(text: str) -> None:
    """Print a line at once, with the time."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def main() -> int:
    """Walk; 1 when a rule was broken."""
    asked, broken = arguments(), 0
    first = SystemRandom().randrange(1 << 31) if asked.seed is None else asked.seed
    with Ground.of(asked.release) as ground:
        walks = [
            lambda seed=seed: by_chance(ground, seed, asked.steps, say, asked.without)
            for seed in range(first, first + asked.walks)
        ]
        titles = [f"seed {seed}" for seed in range(first, first + asked.walks)]
        if asked.files:
            texts = [sys.stdin.read() if str(file) == "-" else file.read_text() for file in asked.files]
            walks = [lambda text=text: walked(ground, read(text), say) for text in texts]
            titles = [str(file) for file in asked.files]
        for title, walk in zip(titles, walks, strict=True):
            say(f"── {title}")
            found: Walked = walk()
            if found.fault and not asked.as_it_is:
                say(f"broken: {found.fault}")
                found = shrunk(ground, found, say)
            broken += bool(found.fault)
            print(f"\n{title}, {asked.release}:\n{found}\n", flush=True)
            say(f"{len(found.steps)} steps: {found.clock}")
    say(f"{len(walks)} walks, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
