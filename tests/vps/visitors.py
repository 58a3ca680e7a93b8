"""Visitors who ask for pages all the time, and remember what they were given."""

import http.client
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self


class Visitors:
    """One for each name, at port 80 of the address: `seen` has what each was given, as often as it changed.

    A page is its text, any other answer its number, and `closed` where there was none.
    """

    def __init__(self, address: str, names: Iterable[str], pause: float = 0.05) -> None:
        self.address, self.pause = address, pause
        self.seen: dict[str, list[str]] = {name: [] for name in names}
        self.failed: dict[str, int] = dict.fromkeys(self.seen, 0)
        self.asked: dict[str, int] = dict.fromkeys(self.seen, 0)
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(name,)) for name in self.seen]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def pages(self, name: str) -> set[str]:
        """The pages that came under this name, without errors."""
        return {each for each in self.seen[name] if not each.isdigit() and each != "closed"}

    def _visit(self, name: str) -> None:
        while not self._end.is_set():
            said = ask(self.address, name)
            self.asked[name] += 1
            self.failed[name] += said == "closed" or said.isdigit()
            if self.seen[name][-1:] != [said]:
                self.seen[name].append(said)
            time.sleep(self.pause)


def ask(address: str, name: str, port: int = 80) -> str:
    """What a visitor of this name gets: the text of the page, or the number of the error, or `closed`."""
    connection = http.client.HTTPConnection(address, port, timeout=60)  # who is held waits
    try:
        connection.request("GET", "/", headers={"Host": name, "Connection": "close"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace").strip()
        return text if answer.status == 200 else str(answer.status)
    except (OSError, http.client.HTTPException):
        return "closed"
    finally:
        connection.close()
