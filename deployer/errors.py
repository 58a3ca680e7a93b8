"""Every failure that a user can meet, and the exit code that it ends with.

DeployError                1   it did not work
├── UsageError             2   the command line is wrong
│   ├── ConfigError        2   sites.yaml is wrong: all its problems at once
│   └── RestrictedKeyError 2   the key that we log in with may do something else, and not this
└── UnreachableError       3   the server cannot be reached, or cannot be trusted
    ├── RefusedLoginError  3   it is the one we know, and does not let us in
    └── WrongUserError     3   it lets us in, to say that another user works there

0 is success, 4 is `deploy plan` with changes waiting, 130 is Ctrl-C.
"""

import traceback
from dataclasses import dataclass
from pathlib import Path

CHANGES_WAIT = 4
INTERRUPTED = 130
TRACEBACK = "DEPLOY_TRACEBACK"
"""The environment variable with which a fault of our own tells where it happened."""


class DeployError(Exception):
    """A failure with one clear message (what, where) and what to do about it."""

    exit_code = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    @property
    def line(self) -> str:
        """The message and the advice, for where there is room for one line."""
        return f"{self.message}. {self.advice}" if self.advice else self.message


class UsageError(DeployError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class RestrictedKeyError(UsageError):
    """The key is bound to a command of its own, which refuses what it is asked."""


class UnreachableError(DeployError):
    """The server does not answer, refuses the login, or is not the one we know."""

    exit_code = 3


class RefusedLoginError(UnreachableError):
    """The server is the one we know, and does not let this user in with this key."""


class WrongUserError(UnreachableError):
    """The server lets another `user` work, and tells this one so."""

    def __init__(self, message: str, advice: str, user: str) -> None:
        super().__init__(message, advice)
        self.user = user


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration file; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(UsageError):
    """Everything that is wrong with a configuration file, in the order of its lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


def unexpected(error: BaseException) -> DeployError:
    """What to say of an exception that nobody has thought of: not its own words, which may hold secrets."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return DeployError(f"{where}{error.strerror}", f"Where it happened: {TRACEBACK}=1 deploy …")
    steps = traceback.extract_tb(error.__traceback__)
    ours = [step for step in steps if f"{Path(__file__).parent}/" in step.filename]
    place = f" in {Path(ours[-1].filename).stem}.py, line {ours[-1].lineno}" if ours else ""
    return DeployError(
        f"this is a fault of deploy itself, not yours: {type(error).__name__}{place}",
        "Please report it where you have deploy from, with what this prints, without "
        f"secrets: {TRACEBACK}=1 deploy …",
    )
