"""The same on Debian 12, with its older tar, bash and Docker."""

from vps.restore.test_faults import (  # noqa: F401
    test_a_folder_from_a_crafted_archive,
    test_a_service_from_a_crafted_archive,
    test_what_sites_yaml_wrote_stays_and_what_it_names_is_no_link,
)
from vps.restore.test_server import (  # noqa: F401
    test_a_folder_with_everything_that_a_file_system_can_have,
    test_a_service_with_files_and_a_volume,
    test_one_path_of_a_service_and_all_of_it_as_another,
    test_what_docker_compose_obeys_is_as_the_server_says,
)
from vps.services.conftest import debian_12 as vps  # noqa: F401
