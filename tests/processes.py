"""Runs tests in several processes (`--processes 4`), forked from the one that has collected them.

A process asks for the next piece of work when it has done one: no piece waits behind a long one.
"""

import mmap
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import SimpleNamespace
from typing import Any

import pytest

Piece = Sequence[int]
"""Tests that one process runs, one after the other, by their places in the session."""

fork = get_context("fork")


@dataclass(kw_only=True)
class Worker:
    """A process that runs tests, as the one knows it that gives them out."""

    name: str
    process: BaseProcess
    piece: Piece = ()
    begun: int = 0
    """So many tests of the piece."""


@dataclass(kw_only=True)
class Processes:
    """Gives out the pieces, in their order, and hears what becomes of each test."""

    session: pytest.Session
    pieces: deque[Piece]
    begin: Callable[[str], None]
    """Is called with the name of each process in itself, before its first test."""

    workers: dict[Connection, Worker] = field(default_factory=dict)
    stop: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 1))
    """What all processes see: who reads a 1 ends after its test."""

    forked: int = 0

    def run(self, number: int) -> None:
        """Run all tests in so many processes."""
        _folders(self.session).getbasetemp()  # one for all
        try:
            for _ in range(min(number, len(self.pieces))):
                self._fork()
            while self.workers:
                for said in wait([*self.workers]):
                    self._hear(said, self.workers[said])
        finally:
            self.stop[0] = 1
            for said, worker in self.workers.items():
                said.close()
                worker.process.join()

    def _fork(self) -> None:
        ours, theirs = fork.Pipe()
        name = f"process-{self.forked}"
        self.forked += 1
        process = fork.Process(target=self._work, args=(name, theirs, [ours, *self.workers]))
        process.start()
        theirs.close()
        self.workers[ours] = Worker(name=name, process=process)

    def _work(self, name: str, theirs: Connection, others: Iterable[Connection]) -> None:
        for other in others:
            other.close()  # each has its end alone, so that both sides notice when the other one is gone
        self.begin(name)
        with suppress(KeyboardInterrupt, EOFError, ConnectionError):
            work(self.session, name, theirs, self.stop)

    def _hear(self, said: Connection, worker: Worker) -> None:
        hook = self.session.config.hook
        kind, what = "end", None
        with suppress(EOFError, ConnectionError):
            kind, what = said.recv()
        if kind == "end":
            self._ended(said, worker)
        elif kind == "next":
            worker.piece, worker.begun = (), 0
            if self.pieces and not self.stop[0]:
                worker.piece = self.pieces.popleft()
            with suppress(ConnectionError):
                said.send(worker.piece)
        elif kind == "logstart":
            worker.begun += 1
            hook.pytest_runtest_logstart(**what)
        elif kind == "logfinish":
            hook.pytest_runtest_logfinish(**what)
        elif kind == "warning":
            hook.pytest_warning_recorded.call_historic(kwargs=what)
        else:
            self._report(worker, hook.pytest_report_from_serializable(config=self.session.config, data=what))

    def _report(self, worker: Worker, report: pytest.TestReport) -> None:
        name = worker.name  # with which pytest itself begins what it tells of a test
        report.node = SimpleNamespace(gateway=SimpleNamespace(id=name), _workerinfocache=f"[{name}]")
        self.session.config.hook.pytest_runtest_logreport(report=report)
        if self.session.shouldfail or self.session.shouldstop:
            self.stop[0] = 1

    def _ended(self, said: Connection, worker: Worker) -> None:
        """One that ends in the middle of its piece has failed in a test: another goes on behind that."""
        worker.process.join()
        said.close()
        del self.workers[said]
        how = f"{worker.name} ended with {worker.process.exitcode}"
        if not worker.begun and worker.process.exitcode:
            raise RuntimeError(how)
        if worker.begun:
            item = self.session.items[worker.piece[worker.begun - 1]]
            words = f"{how} while it ran this test"
            report = pytest.TestReport(item.nodeid, item.location, {}, "failed", words, "call")
            self._report(worker, report)
        if rest := worker.piece[worker.begun :]:
            self.pieces.appendleft(rest)
        if self.pieces and not self.stop[0]:
            self._fork()


def work(session: pytest.Session, name: str, said: Connection, stop: mmap.mmap) -> None:
    """Run one piece after the other, until there are none or all are to stop."""
    plugins = session.config.pluginmanager
    plugins.unregister(name="terminalreporter")
    capture: Any = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()  # its files were open before the fork: all would write to the same places
    capture.start_global_capturing()
    capture.suspend_global_capture()
    folders = _folders(session)
    folders._basetemp = folders.mktemp(name, numbered=False)
    plugins.register(Telling(session.config, said))
    try:
        while piece := _next(said):
            for at, place in enumerate(piece, 1):
                item = session.items[place]
                # what is of the module goes with its last test, and what is of the session stays
                following: Any = session.items[piece[at]] if at < len(piece) else session
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if stop[0] or session.shouldfail or session.shouldstop:
                    break
    finally:
        session._setupstate.teardown_exact(None)


def _folders(session: pytest.Session) -> Any:
    return session.config._tmp_path_factory  # type: ignore[attr-defined]


def _next(said: Connection) -> Piece:
    said.send(("next", None))
    return said.recv()


@dataclass(frozen=True, eq=False)
class Telling:
    """The plugin that says what becomes of each test, instead of the terminal's."""

    config: pytest.Config
    said: Connection

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        self.said.send(("logstart", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        self.said.send(("logfinish", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.said.send(("logreport", data))

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        if when != "runtest":
            return  # all others have been told before the fork
        message = warnings.WarningMessage(
            str(warning_message.message),
            warning_message.category,
            warning_message.filename,
            warning_message.lineno,
        )
        told = {"warning_message": message, "when": when, "nodeid": nodeid, "location": location}
        self.said.send(("warning", told))
