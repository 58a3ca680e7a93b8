"""Every word that a user sees: results on standard output, everything else on standard error."""

import re
import sys

from deployer.errors import ConfigError, DeployError, UsageError
from deployer.report.page import Page
from deployer.suggested import with_file
from deployer.values.quantities import amount

out = Page(stderr=False)
err = Page(stderr=True)


CONTROLS = {code: "�" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, addresses of links
    r"|\x1b[ -/]+[0-~]|\x1b[0-Z^-~]"
)


def words(text: str) -> str:
    """What a program says that wrote for a terminal of its own: without colours, and harmless."""
    return harmless(SEQUENCE.sub("", text).rstrip("\r").replace("\r", " "))


def harmless(text: str) -> str:
    """Text from a server without the control characters that could play tricks on a terminal."""
    return text.translate(CONTROLS)


def complain(error: DeployError) -> None:
    """Say what failed, and what to do about it."""
    if isinstance(error, ConfigError):
        for problem in error.problems:
            err.print(with_file(str(problem)))
        err.print(f"{amount(len(error.problems), 'problem')}. Nothing was done.", style="bold red")
        return
    end = "" if error.message.endswith((".", "?", ")", "!")) else "."
    err.print(harmless(with_file(f"✗ {error.message}{end}")), style="bold red")
    if error.advice:
        err.print(with_file(error.advice))


def data(text: str) -> None:
    """Print what was asked for, as it is, before whatever is said next on standard error."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def say(text: str, style: str = "") -> None:
    """Tell the user something that is not the result itself."""
    err.print(with_file(text), style=style)


def next_step(text: str) -> None:
    """Say what comes next, in one line."""
    say(f"→ {text}", style="dim")


def ask(question: str, default: str) -> str:
    """What the user types, or the default; the default, too, without a terminal to ask on."""
    if not sys.stdin.isatty():
        return default
    err.print(f"{question} [{default}] " if default else f"{question} ", end="", style="bold")
    return sys.stdin.readline().strip() or default


def confirm(question: str) -> bool:
    """Ask; raises UsageError without a terminal to ask on."""
    if not sys.stdin.isatty():
        raise UsageError("nothing was changed: there is no terminal to ask on", "Use --yes to do it unasked")
    err.print(f"{question} [y/N] ", end="", style="bold")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
