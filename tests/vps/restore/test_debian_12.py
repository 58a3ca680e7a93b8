"""The same on Debian 12, with its older tar, bash and Docker."""

from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.restore.test_faults import (  # noqa: F401
    test_a_folder_from_a_crafted_archive,
    test_a_service_from_a_crafted_archive,
    test_what_sites_yaml_wrote_stays_and_what_it_names_is_no_link,
)
from vps.restore.test_server import (  # noqa: F401
    test_a_folder_with_everything_that_a_file_system_can_have,
    test_a_service_with_files_and_a_volume,
)
from vps.services.conftest import NO_FILTERS, booted_debian_12


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """Debian 12 with Docker and a registry."""
    with booted_debian_12(files=NO_FILTERS) as machine:
        yield machine
