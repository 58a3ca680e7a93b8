"""Speak socket.io by long polling, for which an HTTP client is enough: events out, events and answers in."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

import httpx

from deployer.errors import DeployError

BETWEEN = "\x1e"
OPEN, CLOSE, PING, PONG, MESSAGE = "0", "1", "2", "3", "4"
CONNECT, DISCONNECT, EVENT, ANSWER, REFUSED = "40", "41", "42", "43", "44"
TYPE = {"Content-Type": "text/plain;charset=UTF-8"}


class Talk:
    """A connection to one server. `name` is what messages call it, `seconds` how long it may be silent."""

    def __init__(self, name: str, address: str, seconds: float) -> None:
        self.name = name
        self.events: dict[str, list[Any]] = {}
        """The last of each event that came, by its name: what it has with it."""
        self._seconds = seconds
        self._count = 0
        self._answers: dict[int, Any] = {}
        self._owed: list[int] = []
        self._refused = ""
        self._connected = False
        self._query = {"EIO": "4", "transport": "polling"}
        self._at = address.rstrip("/")
        self.client = httpx.Client(timeout=httpx.Timeout(seconds, connect=min(seconds, 3.0)))

    def __enter__(self) -> "Talk":
        try:
            for packet in self._get():
                if packet[:1] == OPEN:
                    self._query["sid"] = str(json.loads(packet[1:])["sid"])
            if "sid" not in self._query:
                raise ValueError("no beginning")
            self._post([CONNECT])
            self._until(lambda: self._connected)
        except (ValueError, KeyError, TypeError) as error:
            self.client.close()
            raise self._odd() from error
        except BaseException:
            self.client.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with suppress(DeployError):  # what was asked is answered
                self._post([DISCONNECT, CLOSE])
        self.client.close()

    def call(self, event: str, *given: Any) -> Any:
        """What the server answers to one event."""
        return self.calls([(event, *given)])[0]

    def calls(self, every: Sequence[tuple[Any, ...]]) -> list[Any]:
        """What the server answers to each of several events (a name, and what goes with it), sent at once."""
        numbers = self._send(every)
        self._until(lambda: all(number in self._answers for number in numbers))
        return [self._answers.pop(number) for number in numbers]

    def call_or(self, enough: Callable[[dict[str, list[Any]]], Any], event: str, *given: Any) -> Any:
        """What the server answers to one event; None where enough other events came before that."""
        (number,) = self._send([(event, *given)])
        self._owed.append(number)
        self._until(lambda: number in self._answers or bool(enough(self.events)))
        return self._answers.get(number)

    def owed(self) -> list[Any]:
        """The answers to events for which other events were enough, as soon as all are there."""
        self._until(lambda: all(number in self._answers for number in self._owed))
        return [self._answers[number] for number in self._owed]

    def wait(self, enough: Callable[[dict[str, list[Any]]], Any]) -> None:
        """Go on when enough events have come."""
        self._until(lambda: bool(enough(self.events)))

    def tell(self, path: str, words: Mapping[str, str]) -> bool:
        """Ask for something else that is there, by HTTP; whether it was taken."""
        return self._answer("GET", path, words).status_code == httpx.codes.OK

    def _send(self, every: Sequence[tuple[Any, ...]]) -> list[int]:
        numbers = [*range(self._count + 1, self._count + len(every) + 1)]
        self._count += len(every)
        self._post(
            [f"{EVENT}{number}{json.dumps(words)}" for number, words in zip(numbers, every, strict=True)]
        )
        return numbers

    def _until(self, done: Callable[[], bool]) -> None:
        """Read what comes until then; as long as something of use comes, the time begins anew."""
        end = time.monotonic() + self._seconds
        while not done():
            if time.monotonic() > end:
                raise self._silent()
            before = len(self._answers) + len(self.events)
            try:
                for packet in self._get():
                    self._take(packet)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise self._odd() from error
            if self._refused:
                raise DeployError(f"{self.name} refuses the connection: {self._refused}")
            if len(self._answers) + len(self.events) > before:
                end = time.monotonic() + self._seconds

    def _take(self, packet: str) -> None:
        kind, rest = packet[:2], packet[2:]
        if packet[:1] == PING:
            self._post([PONG])
        elif kind == CONNECT:
            self._connected = True
        elif kind == REFUSED:
            self._refused = str(json.loads(rest).get("message", "")) or "it does not say why"
        elif kind == EVENT:
            name, *given = json.loads(rest)
            self.events[name] = given
        elif kind == ANSWER:
            number, _, answer = rest.partition("[")
            self._answers[int(number)] = (json.loads(f"[{answer}") or [None])[0]
        elif packet[:1] == CLOSE or kind == DISCONNECT:
            raise DeployError(f"{self.name} ends the connection")

    def _get(self) -> list[str]:
        return self._ask("GET").split(BETWEEN)

    def _post(self, packets: Sequence[str]) -> None:
        self._ask("POST", BETWEEN.join(packets))

    def _ask(self, method: str, body: str | None = None) -> str:
        answer = self._answer(method, "/socket.io/", self._query, None if body is None else body.encode())
        if answer.status_code != httpx.codes.OK:
            raise DeployError(f"{self.name} answers {answer.status_code}", f"Is it at {self._at}?")
        return answer.text

    def _answer(
        self, method: str, path: str, query: Mapping[str, str], content: bytes | None = None
    ) -> httpx.Response:
        try:
            return self.client.request(
                method, f"{self._at}{path}", params=dict(query), content=content, headers=TYPE
            )
        except httpx.TimeoutException as error:
            raise self._silent() from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeployError(f"{self.name} cannot be reached", f"Is it at {self._at}?") from error

    def _silent(self) -> DeployError:
        return DeployError(f"{self.name} does not answer within {self._seconds:g} s")

    def _odd(self) -> DeployError:
        return DeployError(f"{self.name} answers with something else than socket.io", f"Is it at {self._at}?")
