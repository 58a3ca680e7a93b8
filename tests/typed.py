"""The command line in a process of its own, forked from one that has loaded the libraries.

To load them anew takes more processor time than most commands.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

processes = get_context("forkserver")
processes.set_forkserver_preload(["preloaded"])


@cache
def begin() -> None:
    """Start the process that the others are forked from, which finds the modules beside this one."""
    with mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).parent)):
        forkserver.ensure_running()


def inherit() -> None:
    """Go on with what was begun before this process was forked."""
    # it waits for a child of its own, and this one has a parent's
    if begin.cache_info().currsize:
        forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]


def typed(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float = 180,
    meanwhile: Callable[[BaseProcess], None] | None = None,
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """What `deploy ARGUMENT…` does and says in the folder, without a terminal and with nothing to read.

    `meanwhile` is called with the process as soon as that has begun, and `before` by the process itself.
    """
    begin()
    with TemporaryDirectory() as name:
        out, err = Path(name, "out"), Path(name, "err")
        for file in (out, err):
            file.touch()  # one that is killed at once has said nothing
        process = processes.Process(
            target=_run, args=(arguments, folder, dict(environment), out, err, before)
        )
        process.start()
        if meanwhile:
            meanwhile(process)
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(
                ["deploy", *arguments], seconds, out.read_bytes(), err.read_bytes()
            )
        return subprocess.CompletedProcess(
            ["deploy", *arguments], process.exitcode, out.read_text(), err.read_text()
        )


def forked(function: Callable[..., None], *arguments: object, seconds: float = 180) -> int | None:
    """The exit code of such a process that runs the function; negative where a signal ended it."""
    begin()
    process = processes.Process(target=function, args=arguments)
    process.start()
    process.join(seconds)
    return process.exitcode


def _run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    out: Path,
    err: Path,
    before: Callable[[], None] | None,
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background ignore it
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.argv = ["deploy", *arguments]
    from deployer.cli import main

    if before:
        before()
    main()
