"""Real Debian servers for the tests: one per module with packages, one per test without."""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from deployer.errors import DeployError
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.requirements import require
from turns import share
from vps.waiting import end_clients

RELEASES = ("debian-12", "debian-13")
# For tests that are not about a first apply: it finds these packages installed already.
PREINSTALLED = (
    "brotli",
    "certbot",
    "git",
    "git-lfs",
    "jq",
    "libnginx-mod-http-brotli-filter",
    "libnginx-mod-http-brotli-static",
    "logrotate",
    "nginx",
    "python3-venv",
    "rsync",
    "webp",
    "zstd",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.vps)
    if config.getoption("release") != "all":
        others = _whose_turn_it_is_not(items)
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=list(others))


def _whose_turn_it_is_not(items: list[pytest.Item]) -> set[pytest.Item]:
    """What a module runs again on Debian 12 takes turns between it and where it was written."""
    found = defaultdict[tuple[str, str], dict[bool, list[pytest.Item]]](lambda: defaultdict(list))
    for item in items:
        if isinstance(item, pytest.Function):
            code = item.function.__code__
            found[code.co_filename, code.co_name][item.path.name == "test_debian_12.py"].append(item)
    return {
        item for (_, name), on in found.items() if len(on) == 2 for item in on[crc32(name.encode()) % 2 == 0]
    }


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    end_clients()  # before any fixture stops the server that they talk to


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "release" in metafunc.fixturenames:
        chosen = os.environ.get("VPS_RELEASE") or metafunc.config.getoption("release")
        releases = _releases(metafunc.definition, chosen)
        metafunc.parametrize("release", releases, scope="module", indirect=True)


def _releases(test: pytest.Item, chosen: str) -> tuple[str, ...]:
    """Where it runs: on each Debian, or on the one whose turn it is, by its name or by the commit."""
    if chosen in RELEASES:
        return (chosen,)
    turns = test.get_closest_marker("takes_turns")
    if chosen == "all" or turns is None:
        return RELEASES
    module, _, name = test.nodeid.partition("::")
    if turns.args == ("commit",):
        return tuple(dict.fromkeys([*share(RELEASES, module), *turns.kwargs.get("always", ())]))
    return RELEASES[crc32((module if turns.args == ("module",) else name).encode()) % 2 :][:1]


@pytest.fixture(scope="session")
def throwaway() -> None:
    """This machine can run a throwaway VPS; where it cannot, the tests fail and say what is missing."""
    missing = None
    try:
        require()
    except DeployError as error:
        missing = f"{error.message}\n{error.advice}\nOr leave these tests out: --no-vps"
    if missing:
        pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="module")
def release(request: pytest.FixtureRequest, throwaway: None) -> str:
    """The Debian release that the test runs on: it runs on each."""
    return request.param


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    """A server that the tests of a module share, with the packages installed."""
    with Machine.boot(release, PREINSTALLED) as machine:
        yield machine


@pytest.fixture
def fresh_vps(release: str) -> Iterator[Machine]:
    """A server of the test's own, as a provider hands it over."""
    with Machine.boot(release) as machine:
        yield machine


@pytest.fixture(scope="module")
def acme(vps: Machine) -> Iterator[AcmeServer]:
    """A test ACME server that asks the shared server."""
    with AcmeServer.start(vps) as server:
        yield server
