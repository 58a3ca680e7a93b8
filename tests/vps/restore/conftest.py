"""A server with Docker, a registry and what archives are made of; compositions and folders to restore."""

from collections.abc import Callable, Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.restore.byhand import Archive
from vps.restore.databases import make_images
from vps.restore.service import as_first, files_and_a_volume, with_database, with_orders
from vps.services.conftest import (
    NO_FILTERS,
    PACKAGES,
    Composition,
    compositions,
    install_scripts,
    prepare,
    shared_image,
)

MORE = ("acl", "attr", "mariadb-server", "postgresql", "sqlite3", "zstd")
DATABASES = ("mariadb.service", "postgresql.service")


def boot() -> Machine:
    """A server with Docker and the databases' programs; none of these databases runs."""
    return Machine.boot("debian-13", (*PACKAGES, *MORE), masked=DATABASES, files=NO_FILTERS)


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """A server with Docker, a registry, the scripts, and the databases' programs."""
    with boot() as machine:
        install_scripts(machine)
        prepare(machine)
        yield machine


@pytest.fixture(scope="module")
def images(vps: Machine) -> None:
    """The image with PostgreSQL and MariaDB."""
    make_images(vps)


@pytest.fixture(scope="module")
def image(vps: Machine) -> str:
    """The image that all compositions have."""
    return shared_image(vps)


@pytest.fixture
def new_composition(vps: Machine, image: str) -> Iterator[Callable[..., Composition]]:
    with compositions(vps, image) as make:
        yield make


@pytest.fixture(scope="module")
def lasting(vps: Machine, image: str) -> Iterator[Composition]:
    """The service of `given`, which the tests of a module share."""
    with compositions(vps, image) as make:
        yield files_and_a_volume(make)[0]


@pytest.fixture
def given(lasting: Composition) -> tuple[Composition, Archive]:
    """A service with files and a volume, as if nothing had happened to it, and its archive before it is made."""
    return lasting, as_first(lasting)


@pytest.fixture(scope="module")
def stocked(images: None, vps: Machine, image: str) -> Iterator[Callable[[str], tuple[Composition, Archive]]]:
    """Gives a service whose database has three orders, one of each kind for all tests, and its archive."""
    apps: dict[str, Composition] = {}
    with compositions(vps, image) as make:

        def give(kind: str) -> tuple[Composition, Archive]:
            if kind not in apps:
                apps[kind], archive = with_database(make, kind)
                return apps[kind], archive
            return apps[kind], with_orders(apps[kind], kind)

        yield give
