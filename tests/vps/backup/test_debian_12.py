"""The same on Debian 12, with its older tar, awk and Docker."""

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, configure
from vps.backup.test_mounts import (  # noqa: F401
    test_a_folder_that_was_replaced_under_its_container_is_a_failure,
    test_a_volume_that_is_a_folder_elsewhere_is_saved_and_comes_back,
    test_folders_elsewhere_are_saved_or_named,
    test_without_containers_its_volumes_are_saved,
)
from vps.services.conftest import debian_12  # noqa: F401


@pytest.fixture(scope="module")
def vps(debian_12: Machine, key: Key) -> Machine:  # noqa: F811
    """A server with Docker and the files of backups."""
    configure(debian_12, key)
    return debian_12
