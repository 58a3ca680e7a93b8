"""The same on Debian 12's Docker 20.10, with the Compose v2 that its own packages do not have."""

import pytest

from deployer.parts.docker import QUESTIONS
from deployer.rehearsal.machine import Machine
from deployer.server.login import connect
from deployer.tasks.observe import observe
from vps.services.conftest import debian_12 as vps  # noqa: F401
from vps.services.test_commands import (  # noqa: F401
    test_what_does_not_run_is_told_and_a_push_brings_it_up,
)
from vps.services.test_faults import (  # noqa: F401
    EVENTS_12,
    docker_compose_is_killed,
    test_what_docker_does_not_start_is_made_anew,
)
from vps.services.test_push import (  # noqa: F401
    test_a_new_image_that_crashes_at_once,
    test_from_nothing_then_nothing_new_then_a_new_image,
    test_image_missing,
    test_images_by_digest,
    test_up_to_date_though_the_hash_that_compose_prints_is_another,
    test_what_was_started_by_hand_in_another_folder_gets_the_mounts_of_this_one,
)


def test_the_plugin_is_seen_though_no_package_has_it(vps: Machine) -> None:  # noqa: F811
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        facts = observe(server, QUESTIONS).facts
    assert facts.compose == (2, 26, 1)
    assert facts.docker[:2] == (20, 10)


@pytest.mark.fault("Docker Compose is killed while it makes a container anew", rounds=len(EVENTS_12))
def test_docker_compose_killed_at_other_steps(new_composition):
    """It is the Docker Compose of Debian 13, and this server's Docker."""
    docker_compose_is_killed(new_composition("page 0"), EVENTS_12)
