"""What a server is asked for a sites.yaml, sent as soon as it is known."""

from functools import cached_property
from typing import TYPE_CHECKING

from deployer.parts import questions

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.planning.desired import Desired
    from deployer.shares.question import Question
    from deployer.tasks import Begun


class Asking:
    """The questions for one sites.yaml."""

    def __init__(self, config: "Config") -> None:
        self.config = config
        self.first = frozenset(questions(config))

    @cached_property
    def guessed(self) -> "Desired":
        """What is wanted of a server that nobody has looked at: it tells almost every path."""
        from deployer.planning.stages import NOT_LOOKED_AT, in_the_end

        return in_the_end(self.config, NOT_LOOKED_AT)

    @cached_property
    def later(self) -> "frozenset[Question]":
        """What else is asked."""
        from deployer.planning.desired import questions_of

        return frozenset(questions_of(self.guessed)) - self.first

    def begin(self, begun: "Begun") -> None:
        """Let the server answer, while what understands it is loaded."""
        from deployer.tasks.observe import batch, lines

        first = batch(self.first)
        if begun.asked is None:
            begun.go_on(first)
        rest = lines(self.later)
        if begun.asked is None:
            begun.go_on(rest)
        if begun.asked != first + rest:
            begun.keep(first + rest)
