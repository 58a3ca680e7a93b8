"""The same on Debian 12, with its older tar and Docker."""

from vps.restore.test_server import (  # noqa: F401
    test_a_folder_with_everything_that_a_file_system_can_have,
    test_a_service_that_is_not_well_with_what_was_restored,
    test_a_service_with_files_and_a_volume,
)
from vps.services.conftest import debian_12 as vps  # noqa: F401
