"""What is done on the server: each task takes a connected Server and does one thing."""

import getpass
import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from deployer.errors import UnreachableError, UsageError
from deployer.waiting import waiting

if TYPE_CHECKING:
    from deployer.config.head import Login
    from deployer.config.model import Config
    from deployer.server.ahead import Ahead
    from deployer.server.beginning import Beginning
    from deployer.server.connection import Server


def caller() -> str:
    """Who calls, for logs and locks."""
    return f"{getpass.getuser()}@{platform.node()}"


class Begun:
    """A login that began before all of sites.yaml was read; it counts if the whole of it means the same."""

    def __init__(self, login: "Login | None", keep: "Callable[[bytes], None] | None" = None) -> None:
        self.login = login
        self.keep = keep or (lambda asked: None)
        """Remembers for the next time what the server is asked."""
        self.ahead = _ahead(login) if login else None
        self.asked: bytes | None = None
        """All that the server was asked already, as it was for the same file the last time."""

    def begin(self, name: str) -> None:
        """Let one of the constant scripts begin there once the login is done."""
        if self.ahead:
            from deployer.server.connection import script_command

            text = script(name)
            self.ahead.then(lambda server: server.begin(script_command(text), text))

    def go_on(self, more: bytes) -> None:
        """Let what has begun read more."""
        if self.ahead:
            self.ahead.then(lambda server: server.go_on(more))

    def ask(self, questions: bytes) -> None:
        """Let what has begun read all that it has to."""
        self.asked = questions
        if self.ahead:
            self.ahead.then(lambda server: server.go_on(questions, last=True))

    def leave(self) -> None:
        """End it."""
        if self.ahead:
            self.ahead.leave()


@contextmanager
def opening(path: Path, look: bool = False) -> "Iterator[tuple[Config, Begun]]":
    """The configuration in this file, and a login to its server that begins while the file is read.

    With `look` the server is looked at already, as far as that is the same for every file, or as it was for
    the same file the last time; nothing else of the file is asked there before all of it is right. Where it
    is not, nobody hears of either.
    """
    from deployer.config.head import login_ahead
    from deployer.documents import text
    from deployer.tasks import last_time

    content = text.read(path)
    keep = partial(last_time.keep, path, content)
    begun = Begun(login_ahead(content, path.absolute().parent), keep)
    try:
        if look:
            begun.begin("observe.sh")
            if asked := last_time.questions(path, content):
                begun.ask(asked)
        from deployer.config.loader import load

        yield load(path, content), begun
    finally:
        begun.leave()


@contextmanager
def server_of(config: "Config", begun: Begun | None = None) -> Iterator["Server"]:
    """A verified connection to the server of sites.yaml."""
    from deployer.config.head import login_of
    from deployer.config.placeholders import placeholders

    if config.server is None:
        raise UsageError("there is no server in the configuration", "Add it: server: {host: vps.example.org}")
    login = login_of(config.server)
    with ExitStack() as stack:
        with waiting(f"logging in to {login.host}"):
            ahead = begun.ahead if begun and begun.login == login else None
            try:
                there = stack.enter_context(ahead.server() if ahead else _connected(login))
            except UnreachableError as error:
                if "server.host" not in placeholders(config):
                    raise
                advice = "server.host is still as deploy init wrote it: put your server there"
                raise UnreachableError(error.message, advice) from error
        yield there


def _ahead(login: "Login") -> "Ahead":
    """A login that has set out when this returns, and all is loaded that it needs to go on."""
    from deployer.server.ahead import Ahead

    loaded = Event()
    ahead = Ahead(partial(_connected_once, loaded, login))
    try:
        from deployer.server import lean  # noqa: F401  this takes longer than the first steps
    finally:
        loaded.set()
    return ahead


def _connected_once(loaded: Event, login: "Login") -> "AbstractContextManager[Server]":
    """A connection from another thread: it sets out, and goes on as soon as all is loaded that speaks SSH."""
    from deployer.server.beginning import set_out

    lost = login.key and not login.key.is_file()  # which is told without going anywhere
    beginning = None if lost else set_out(login.host, login.port, login.user)
    loaded.wait()
    return _connected(login, beginning)


def _connected(login: "Login", beginning: "Beginning | None" = None) -> "AbstractContextManager[Server]":
    from deployer.server.lean import connect

    return connect(login.host, login.port, login.user, login.host_key, login.key, beginning=beginning)


PARTS_OF_APPLY = (
    *("words", "receive", "packages", "transaction", "check", "blame", "refusing", "live", "units", "guard"),
    *("compositions", "leads", "coming_up", "pushing", "together", "giving_back", "ending"),
)
SERVER = Path(__file__).parents[1] / "server"
ENGINE = "installed/lib/composition/engine"
PAGE, CHOOSE = "installed/lib/common/page", "installed/lib/runner/choose"
ENTER = "installed/lib/common/enter"
DOCTOR = "installed/lib/doctor"
PAUSE = "installed/lib/common/pause"
HANDLERS, LOOKS = "handlers", "looks"
"""Stand for what handlers and questions name, from the files beside the modules of parts and kinds."""
BEFORE = {
    "apply.sh": (
        *("sent/listening.sh", PAUSE, ENTER, HANDLERS, "sent/apply/handlers.sh"),
        *(ENGINE, PAGE, CHOOSE, "sent/apt.sh", "sent/programs.sh"),
        *(f"sent/apply/{part}.sh" for part in PARTS_OF_APPLY),
    ),
    "audit.sh": (
        *("sent/room.sh", "sent/apt.sh", "sent/listening.sh", "sent/nginx.sh", "sent/programs.sh"),
        *(f"{DOCTOR}/expiries", f"{DOCTOR}/programs"),
    ),
    "certificates.sh": (PAUSE, "sent/leading.sh"),
    "doctor.sh": (
        *(ENGINE, "installed/lib/common/visitor", "sent/apt.sh", "sent/nginx.sh", "sent/programs.sh"),
        *(f"{DOCTOR}/{part}" for part in ("expiries", "nginx", "programs", "room", "sites", "tells")),
    ),
    "observe.sh": (ENGINE, "sent/room.sh", "sent/apt.sh", "sent/listening.sh", "sent/failures.sh", LOOKS),
    "status.sh": (
        "installed/lib/common/visitor",
        "installed/lib/common/record",
        "sent/apt.sh",
        "sent/failures.sh",
        "sent/listening.sh",
        "sent/leading.sh",
        "sent/nginx.sh",
        f"{DOCTOR}/nginx",
        f"{DOCTOR}/sites",
        "sent/php.sh",
        "sent/programs.sh",
    ),
}
"""What a script finds defined when it begins: others that are sent, and some that are installed."""


@cache
def script(name: str) -> bytes:
    """One of the constant scripts that are sent along with each call, behind those that it needs."""
    return b"".join(_text(each) for each in (*BEFORE.get(name, ()), f"sent/{name}"))


def _text(name: str) -> bytes:
    if name not in (HANDLERS, LOOKS):
        return (SERVER / name).read_bytes()
    from deployer.parts import functions, looks  # who asks none of this needs no parts

    return functions() if name == HANDLERS else looks()
