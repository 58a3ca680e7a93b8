"""The same abroad: where sudo, its visudo and most other programs are those of Ubuntu 26.04, and systemd listens for SSH."""

from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from deployer.server.connection import Server
from deployer.server.login import connect
from vps.test_abroad import user, vps  # noqa: F401
from vps.test_owners import (  # noqa: F401
    cleaned,
    test_a_unit_that_does_not_start_goes_back_with_all_of_its_owner_s,
    test_what_does_not_start_again_runs_as_before,
    test_what_is_everybody_s_or_the_owner_s_own_mistake_stops_all,
    test_what_was_there_before_is_there_again_byte_for_byte,
    test_who_makes_a_shared_file_wrong_is_found_and_named,
    test_whose_file_is_refused_stays_as_it_was_and_the_rest_goes_live,
)

pytestmark = [
    pytest.mark.takes_turns("module"),
    pytest.mark.vps,
    pytest.mark.in_turns("owners", of="modules"),
]


@pytest.fixture
def server(vps: Machine) -> Iterator[Server]:  # noqa: F811
    cleaned(vps)
    with connect(vps.address, vps.port, user(vps), vps.host_key, vps.key) as server:
        yield server
