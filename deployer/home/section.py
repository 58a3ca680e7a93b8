"""The section `home` of sites.yaml: its folder, and who is told how a task of the home server went."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.config.home import Home, Notify
from deployer.config.model import Config
from deployer.config.server import Server
from deployer.errors import DeployError, UsageError
from deployer.home.store import Busy, Store
from deployer.system import on_windows

if TYPE_CHECKING:
    from deployer.home.notify import Event

Say = Callable[[str], None]


def home_of(config: Config) -> tuple[Server, Home, Store]:
    """The server, the section `home` and its folder; raises UsageError where sites.yaml lacks one."""
    if sys.platform == "win32":
        raise on_windows("the locks and the rsync of a home server")
    if config.home is None:
        raise UsageError("there is no home in sites.yaml", "Add it: home: {directory: /mnt/nas/backups}")
    if config.server is None:
        raise UsageError("there is no server in sites.yaml", "Add it: server: {host: vps.example.org}")
    return config.server, config.home, Store(Path(config.home.directory))


@contextmanager
def failures_told(home: Home, say: Say) -> Iterator[None]:
    """Tell what ends it early; another one at work is no failure."""
    try:
        yield
    except Busy:
        raise
    except Exception as error:
        message = error.message if isinstance(error, DeployError) else f"it ended with {type(error).__name__}"
        for warning in tell(home, "failure", message):
            say(f"! {warning}")
        raise


def tell(home: Home, event: "Event", text: str) -> list[str]:
    """Tell everyone who is named; who could not be told."""
    if home.notify == Notify():
        return []
    from deployer.home import notify  # and with it HTTP and TLS, which take longer than a small archive

    return notify.tell(home.notify, event, text)


def tell_end(home: Home, troubles: list[str], done: str) -> list[str]:
    """Tell how it ended."""
    return tell(home, "failure" if troubles else "success", "\n".join([*troubles, done]))
