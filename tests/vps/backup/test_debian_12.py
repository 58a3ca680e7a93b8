"""The same on Debian 12, with its older SQLite, GnuPG, tar, PostgreSQL and MariaDB."""

from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, configure
from vps.backup.test_files import (  # noqa: F401
    test_each_key_of_the_file_opens_an_archive,
    test_sqlite_files_are_whole_however_busy_they_are,
    test_what_is_beside_an_sqlite_file_harms_nothing,
)
from vps.backup.test_services import (  # noqa: F401
    app,
    lasting,
    shop,
    test_all_that_a_database_server_has_comes_back,
    test_what_docker_does_not_start_after_a_backup_is_made_anew,
    test_what_docker_has_lost_does_not_write_on,
    test_what_has_something_in_common_is_not_saved_at_the_same_time,
)
from vps.backup.test_units import (  # noqa: F401
    test_units_are_stopped_while_files_are_read_and_a_dump_comes_back,
    wiki,
)
from vps.restore.conftest import DATABASES, MORE
from vps.services.conftest import NO_FILTERS, booted_debian_12


@pytest.fixture(scope="module")
def vps_with_images(vps: Machine) -> Machine:
    """It is so already."""
    return vps


@pytest.fixture(scope="module")
def vps(throwaway: None, key: Key) -> Iterator[Machine]:
    """Debian 12 with Docker, a registry, the databases' programs, and the files of backups."""
    with booted_debian_12(*MORE, masked=DATABASES, files=NO_FILTERS) as machine:
        configure(machine, key)
        yield machine
