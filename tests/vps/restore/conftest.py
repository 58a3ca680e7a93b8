"""A server with Docker, a registry and what archives are made of; compositions and folders to restore."""

from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.restore.databases import make_images
from vps.services.conftest import NO_FILTERS, PACKAGES, install_scripts, new_composition, prepare

__all__ = ["new_composition", "vps"]
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
