"""Maintenance elsewhere as long as something is at work; what goes wrong there is one warning."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from threading import Thread

from deployer.config.monitoring import UptimeKuma
from deployer.errors import DeployError
from deployer.outside.monitors.maintenance import begin, end
from deployer.tasks.monitors import login_of

PATIENCE = 5.0
"""So many seconds does work that is done wait for it to begin, and then to end."""
HOURS, LONG = 1, {"restore": 6}
"""So many hours after its beginning has it ended, whatever became of us."""


class _Window:
    """One that is being opened when this returns, beside the work."""

    def __init__(self, kuma: UptimeKuma, server: str, names: Collection[str], what: str) -> None:
        self._kuma, self._server, self._names, self._what = kuma, server, names, what
        self._number: int | None = None
        self._over = False
        self._failure = ""
        self._thread = self._started(self._begin)

    def close(self) -> str:
        """End it; what went wrong, in a line, or nothing."""
        self._over = True
        self._thread.join(PATIENCE)
        if not self._thread.is_alive() and self._number is not None:
            self._thread = self._started(self._end)
            self._thread.join(PATIENCE)
        if self._thread.is_alive() and not self._failure:
            self._failure = f"it does not answer within {PATIENCE:g} s; what is open ends by itself"
        return self._failure

    def _started(self, step: Callable[[], None]) -> Thread:
        thread = Thread(target=self._quietly, args=(step,), daemon=True)
        thread.start()
        return thread

    def _quietly(self, step: Callable[[], None]) -> None:
        try:
            step()
        except DeployError as error:
            self._failure = error.line
        except Exception as error:  # it would be lost with the thread
            self._failure = f"this is a fault of deploy itself: {type(error).__name__}"

    def _begin(self) -> None:
        self._number, self._login = begin(
            *(login_of(self._kuma), self._server, self._names),
            f"{self._what} of {', '.join(sorted(self._names))}"[:100],
            LONG.get(self._what, HOURS),
            lambda: not self._over,
        )

    def _end(self) -> None:
        if self._number is not None:
            end(self._login, self._number)


@contextmanager
def maintenance(
    kuma: UptimeKuma, server: str, names: Collection[str], what: str, warn: Callable[[str], None]
) -> Iterator[None]:
    """As long as this lasts, nobody is told of what Uptime Kuma finds at these sites and services."""
    window = _Window(kuma, server, names, what)
    try:
        yield
    finally:
        if failure := window.close():
            warn(f"! no maintenance in Uptime Kuma: {failure}")
