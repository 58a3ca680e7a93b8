"""Ask a provider over HTTPS: one way to be told no, to wait for it, and to say so."""

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any

import httpx

from deployer.errors import DeployError

PATIENCE = 30.0
"""So many seconds are waited in all for a provider that says that it is asked too often."""
TIMEOUT = httpx.Timeout(20.0, connect=10.0)
ATTEMPTS = 3
"""So often is asked what changes nothing, where no answer comes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says, understood as JSON."""

    status: int
    body: Mapping[str, Any]

    @property
    def good(self) -> bool:
        """Whether it is no refusal."""
        return self.status < 400


class Web:
    """The API of one provider, which wants a token. `name` is what messages call it."""

    def __init__(self, name: str, address: str, token: str) -> None:
        self.name = name
        self._address = address.rstrip("/")
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, verify=_trusted()
        )
        self._patience = PATIENCE

    def __enter__(self) -> "Web":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """One question; raises DeployError where no answer comes that is JSON.

        What is asked too often is asked again when the provider says so. A change is never sent twice.
        """
        while True:
            answer = self._answer(method, path, parameters, body)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return self._understood(answer)
            self._wait(answer)

    def _answer(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
    ) -> httpx.Response:
        attempts = ATTEMPTS if method == "GET" else 1
        for attempt in range(1, attempts + 1):
            try:
                answer = self._client.request(
                    method, f"{self._address}{path}", params=dict(parameters or {}), json=body
                )
            except httpx.HTTPError as error:
                if attempt == attempts:
                    raise self._silent(error, method) from error
                continue
            if answer.status_code < 500 or attempt == attempts:
                return answer
        raise AssertionError(attempts)

    def _silent(self, error: httpx.HTTPError, method: str) -> DeployError:
        why = "does not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
            why = "breaks off its answer"
        unsure = "" if method == "GET" else " Whether it has changed anything, deploy plan tells."
        return DeployError(f"{self.name} {why}", f"Look whether {self._host} is well, and try again.{unsure}")

    @property
    def _host(self) -> str:
        return str(httpx.URL(self._address).host)

    def _wait(self, answer: httpx.Response) -> None:
        told = answer.headers.get("retry-after", "")
        seconds = float(told) if told.isascii() and told.isdigit() else 2.0
        if seconds > self._patience:
            raise DeployError(
                f"{self.name} is asked too often, and wants to be left alone for {seconds:.0f} s",
                "Nothing more was asked. Run it again then.",
            )
        self._patience -= max(seconds, 0.1)
        time.sleep(seconds)

    def _understood(self, answer: httpx.Response) -> Answer:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            kind = answer.headers.get("content-type", "nothing that says what it is").partition(";")[0]
            raise DeployError(
                f"{self.name} answers with what is no JSON: HTTP {answer.status_code}, {kind}",
                f"Look whether {self._host} is well, or whether something stands in between.",
            )
        return Answer(answer.status_code, body)


def pages(first: int = 1) -> Iterator[int]:
    """Numbers of pages: more than any provider has are a fault of its own."""
    yield from range(first, first + 1000)


@cache
def _trusted() -> ssl.SSLContext:
    """Who vouches for providers: more than a hundred authorities, which are read once for all clients."""
    return httpx.create_ssl_context()
