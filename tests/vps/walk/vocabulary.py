"""The words of a walk: each step is a function, found by being in the folder `steps`."""

import importlib
import inspect
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vps.walk.walk import Walk

Arguments = tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """A sort of step.

    `options` has the arguments with which it makes sense now, `weight` says how often it is taken by chance,
    `acts` that it does something on the server, where others only change sites.yaml, and `fault` which one it injects.
    """

    name: str
    weight: float
    acts: bool
    options: "Callable[[Walk], Iterable[Arguments]]"
    act: "Callable[..., None]"
    fault: str = ""


VOCABULARY: dict[str, Word] = {}


def step(
    weight: float, options: "Callable[[Walk], Iterable[Arguments]]", *, acts: bool = False, fault: str = ""
) -> "Callable[[Callable[..., None]], Callable[..., None]]":
    """Make a function a word of the vocabulary: its name with spaces as hyphens."""

    def known(act: Callable[..., None]) -> Callable[..., None]:
        name = act.__name__.strip("_").replace("_", "-")
        assert name not in VOCABULARY, f"{name} is there twice"
        assert inspect.getdoc(act), f"{name} has no docstring"
        VOCABULARY[name] = Word(name, weight, acts or bool(fault), options, act, fault)
        return act

    return known


def load() -> dict[str, Word]:
    """The whole vocabulary."""
    for module in sorted((Path(__file__).parent / "steps").glob("*.py")):
        importlib.import_module(f"vps.walk.steps.{module.stem}")
    return VOCABULARY


def choose(walk: "Walk", chance: Random, edits: bool, without: Container[str] = ()) -> str:
    """One step that makes sense now; with `edits`, one that only changes sites.yaml."""
    words = [word for word in load().values() if not (edits and word.acts) and word.name not in without]
    while True:
        (word,) = chance.choices(words, [word.weight for word in words])
        if options := sorted(set(word.options(walk))):
            return " ".join((word.name, *chance.choice(options)))


def read(text: str) -> list[str]:
    """The steps of a text that can be pasted: one a line, after # a remark."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return [" ".join(line) for line in lines if line]
