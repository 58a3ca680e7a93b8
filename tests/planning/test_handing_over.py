"""Which compositions an apply brings up."""

from dataclasses import replace

import pytest

from deployer.config.model import Config
from deployer.planning.comparing import make_plan
from deployer.planning.desired import desired_files
from deployer.seen.stacks import Stack
from planning.test_plan import READY
from planning.test_plan import seen as on_server

STACK = {"kind": "compose", "repository": "https://git.example.org/a.git", "port": 3000, "https": False}


@pytest.mark.parametrize(
    ("more", "comes"),
    [
        ({}, False),
        ({"port": 3001}, True),
        ({"publish": {3000: "web:80"}}, True),
        ({"file": "other.yaml"}, True),
        ({"log_limit": "10M"}, True),
        ({"robots": "none"}, False),
    ],
)
def test_a_stack_of_a_repository_comes_up_when_a_value_changes_of_which_its_file_is_made(
    more: dict[str, object], comes: bool
) -> None:
    before, after = (Config.model_validate({"sites": {"a.test": STACK | each}}) for each in ({}, more))
    facts = replace(READY, stacks={"a-test": Stack("a-test", "/opt/a.test", running=True)})
    there = on_server(desired_files(before, facts).files, facts)
    assert make_plan(desired_files(after, facts), there, "").compositions == (("a.test",) if comes else ())
