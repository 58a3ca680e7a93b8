"""Options of the test suite: which of the tests on a throwaway VPS run, and on which Debian."""

import gc
import os
import tempfile
from collections import deque

import pytest
from hypothesis import HealthCheck, settings

import chance
import faults
import turns
import typed
from processes import Processes
from scheduling import arranged, pieces

gc.disable()  # what is collected stays, see below
# how long an example takes is a matter of the machine: it is no property
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
# how wide the terminal is on which the tests run is no matter of what they test
os.environ.pop("COLUMNS", None)
# what the tool keeps for the next time is no matter of whose machine it is, and goes with the tests
KEPT = tempfile.TemporaryDirectory(prefix="deploy-tests-")


def keep_apart(process: str) -> None:
    """Keep what the tool keeps in this process for no other one."""
    os.environ["XDG_CACHE_HOME"] = f"{KEPT.name}/{process}/cache"
    os.environ["XDG_STATE_HOME"] = f"{KEPT.name}/{process}/state"


keep_apart("first")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="keep what is rendered as tests/golden")
    parser.addoption("--update-faults", action="store_true", help="keep what is injected as docs/faults.md")
    parser.addoption("--processes", type=int, default=1, help="run the tests in so many processes")
    parser.addoption("--rounds", type=int, default=1, help="run each test so often, on the same server")
    group = parser.getgroup("throwaway VPS")
    group.addoption("--no-vps", action="store_true", help="leave out the tests that need a throwaway VPS")
    group.addoption(
        "--release",
        default="turns",
        choices=("turns", "all", "debian-12", "debian-13"),
        help="the Debian of the throwaway VPS: what may takes turns (default), or all on each, or all on one",
    )


def pytest_configure(config: pytest.Config) -> None:
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    turns.begin(named=not whole)


def pytest_report_header() -> str:
    return turns.told()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    rounds = metafunc.config.getoption("rounds")
    if rounds > 1:
        names = [f"round-{number}" for number in range(1, rounds + 1)]
        metafunc.fixturenames.append("round_name")
        metafunc.parametrize("round_name", names, scope="module")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[COLLECTED] = tuple(items)
    if config.getoption("update_faults"):
        faults.PAGE.write_text(faults.page(items))
    left_out = turns.waiting(turns.tables(items))
    if config.getoption("no_vps"):
        left_out |= {item for item in items if item.get_closest_marker("vps")}
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=[*left_out])
    keys = arranged([item.nodeid for item in items])
    items.sort(key=lambda item: keys[item.nodeid])


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """What a test takes by chance depends on nothing but the seed of the run and its name."""
    chance.begin(request.node.nodeid, request.function)


def pytest_collection_finish() -> None:
    """The thousands of tests stay: no collection of garbage needs to look at them again."""
    gc.freeze()
    gc.enable()


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("processes") > 1:
        typed.begin()  # it loads what commands load while the tests are collected


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    number = session.config.getoption("processes")
    if number < 2 or session.config.option.collectonly or session.testsfailed:
        return None
    prepare()
    work = deque(pieces([item.nodeid for item in session.items]))
    Processes(session=session, pieces=work, begin=begin).run(number)
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
    return True


def prepare() -> None:
    """Make ready once what each process would make for itself."""
    import built

    built.models()
    gc.freeze()


def begin(process: str) -> None:
    """Make ready for tests what was forked."""
    keep_apart(process)
    typed.inherit()


COLLECTED = pytest.StashKey[tuple[pytest.Item, ...]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(f"What tests took by chance: SEED={chance.SEED}")
    terminalreporter.write_line(turns.told())
    if config.getoption("no_vps"):
        terminalreporter.write_line("--no-vps: the tests on a throwaway VPS were left out.")


@pytest.fixture
def collected(request: pytest.FixtureRequest) -> tuple[pytest.Item, ...]:
    """All tests of the modules that were named, whatever else was chosen of them."""
    return request.config.stash[COLLECTED]
