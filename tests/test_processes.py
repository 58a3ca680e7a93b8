"""Tests that run in several processes are told as if they had run in one, whatever becomes of a process."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scheduling import LONGEST, pieces

CONFTEST = """
import os
from collections import deque
from processes import Processes
from scheduling import LONGEST, pieces

def pytest_runtestloop(session):
    work = deque(pieces([item.nodeid for item in session.items]))
    Processes(session=session, pieces=work, begin=lambda name: os.environ.update(NAME=name)).run(2)
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    return True
"""
TESTS = {
    "waits": """
import os, pytest, time
from pathlib import Path

@pytest.fixture(scope="module")
def server():
    yield
    Path("ends").open("a").write("waits\\n")

def test_one(server):
    if Path("wait").exists():
        os.close(os.open("wait", os.O_WRONLY))
        for _ in range(3000):  # a signal that comes just before a long sleep would not end it
            time.sleep(0.05)
""",
    "shared": """
import os, pytest
from pathlib import Path

@pytest.fixture(scope="module")
def server(tmp_path_factory):
    yield tmp_path_factory.mktemp("server")
    Path("ends").open("a").write("shared\\n")

def test_one(server):
    (server / "pid").write_text(str(os.getpid()))

@pytest.mark.parametrize("number", range(20))
def test_the_others(server, number):
    assert (server / "pid").read_text() == str(os.getpid())
    assert os.environ["NAME"] in str(server)
""",
    "fails": """
import os, pytest, sys, warnings
from pathlib import Path

@pytest.fixture(scope="module", autouse=True)
def server():
    yield
    Path("ends").open("a").write("fails\\n")

def test_wrong():
    os.write(1, b"said before it\\n")
    assert 1 + 1 == 3

def test_warns():
    warnings.warn("mind the gap", DeprecationWarning)

def test_not_today():
    pytest.skip("not today")
""",
    "dies": """
import os, pytest

@pytest.fixture
def broken():
    raise RuntimeError("no server")

def test_before():
    pass

def test_dies():
    os._exit(7)

def test_after():
    pass

def test_without(broken):
    pass
""",
}


def begun(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Such tests, which have begun."""
    (folder / "conftest.py").write_text(CONFTEST)
    for name, text in TESTS.items():
        (folder / f"test_{name}.py").write_text(text)
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"} | {
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    call = [sys.executable, "-m", "pytest", "--basetemp=made", "-p", "no:cacheprovider", "-rA", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        call,
        cwd=folder,
        env=environment,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell has its jobs ignore it
    )


def told(tests: subprocess.Popen[str]) -> tuple[int, str]:
    """Their exit code, and what is told of them."""
    out, err = tests.communicate(timeout=180)
    assert not err, err
    return tests.returncode, out


def test_all_of_them_are_told(tmp_path: Path) -> None:
    code, out = told(begun(tmp_path))
    assert code == 1
    assert "2 failed, 25 passed, 1 skipped, 1 warning, 1 error in" in out
    for told_of in (
        "FAILED test_fails.py::test_wrong - assert (1 + 1) == 3",
        "said before it",
        "test_fails.py:15: DeprecationWarning: mind the gap",
        "SKIPPED [1] test_fails.py:18: not today",
        "FAILED test_dies.py::test_dies - process-",
        "ended with 7 while it ran this test",
        "PASSED test_dies.py::test_after",
        "ERROR test_dies.py::test_without - RuntimeError: no server",
        "PASSED test_shared.py::test_the_others[19]",
    ):
        assert told_of in out
    assert sorted((tmp_path / "ends").read_text().split()) == ["fails", "shared", "waits"]


def test_the_first_that_fails_ends_all(tmp_path: Path) -> None:
    code, out = told(begun(tmp_path, "--exitfirst", "test_fails.py", "test_shared.py"))
    assert code == 1
    assert "stopping after 1 failures" in out
    assert "test_warns" not in out
    assert (tmp_path / "ends").read_text().count("fails") == 1


def test_who_interrupts_them_leaves_no_server(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "wait")
    tests = begun(tmp_path, "test_waits.py", "test_shared.py")
    # opened so that nobody is waited for: tests that cannot begin never write to it
    with open(os.open(tmp_path / "wait", os.O_RDONLY | os.O_NONBLOCK), "rb") as begin:
        while tests.poll() is None and not select.select([begin], [], [], 1)[0]:
            pass
    os.killpg(tests.pid, signal.SIGINT)
    code, out = told(tests)
    assert code == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in out
    assert "waits" in (tmp_path / "ends").read_text()


def test_a_module_on_one_debian_is_one_piece() -> None:
    names = ["a::1[debian-12-x]", "a::1[debian-13-x]", "b::1", "a::2[debian-12]", "b::2"]
    assert pieces(names) == [[0, 3], [1], [2, 4]]


def test_each_test_is_in_one_piece(request: pytest.FixtureRequest) -> None:
    names = [item.nodeid for item in request.session.items]
    assert sorted(place for piece in pieces(names) for place in piece) == [*range(len(names))]


def test_each_that_is_begun_early_is_there(collected: tuple[pytest.Item, ...]) -> None:
    if {item.path for item in collected} == set(Path(__file__).parent.rglob("test_*.py")):
        names = [item.nodeid for item in collected]
        assert [begin for begin in LONGEST if not any(name.startswith(begin) for name in names)] == []
