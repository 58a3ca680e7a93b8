"""What is printed on: rich is loaded where there is a terminal, or more to print than words."""

import os
import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDE = 10_000  # columns of what is piped, unless somebody says: a row is a line there
CHANGED = re.compile(r"[\t\x07\x08\x0b\x0c\r]")
"""What rich makes spaces of, or leaves out."""


def console(stderr: bool) -> "Console":
    """A console that prints text as it is; rich heeds NO_COLOR and whether it is a terminal."""
    from rich.console import Console

    plain = Console(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)
    if not plain.is_terminal:
        columns = os.environ.get("COLUMNS", "")
        plain.width = int(columns) if columns.isdecimal() and int(columns) else WIDE
    return plain


class Page:
    """Standard output or standard error: what is no terminal has words as rich would print them there."""

    def __init__(self, stderr: bool) -> None:
        self.stderr = stderr

    @cached_property
    def console(self) -> "Console":
        """The same for rich, which takes longer to load than most of what is printed without it."""
        return console(self.stderr)

    def print(
        self, what: "RenderableType", style: str = "", end: str = "\n", soft_wrap: bool | None = None
    ) -> None:
        """Print it, in a style where there are any."""
        if isinstance(what, str) and not CHANGED.search(what) and not self._may_be_terminal():
            stream = sys.stderr if self.stderr else sys.stdout
            stream.write(what + end)
            stream.flush()
        else:
            self.console.print(what, style=style or None, end=end, soft_wrap=soft_wrap)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at it, or says so."""
        return self._may_be_terminal() and self.console.is_terminal

    @property
    def width(self) -> int:
        """How many columns it has."""
        return self.console.width

    @property
    def height(self) -> int:
        """How many lines it has."""
        return self.console.height

    def _may_be_terminal(self) -> bool:
        if "FORCE_COLOR" in os.environ or "TTY_COMPATIBLE" in os.environ:
            return True
        return (sys.stderr if self.stderr else sys.stdout).isatty()
