"""What a plan tells of sites in maintenance."""

from dataclasses import replace
from typing import Any

import pytest

from deployer.config.model import Config
from deployer.errors import UsageError
from deployer.parts.maintenance import STATE, WANTED
from deployer.planning.desired import Desired, desired_files
from deployer.seen.facts import Facts

NAME = "www.example.org"
FACTS = Facts("debian", "13").having(nginx=(1, 26, 3), openssl=(3, 5, 0))
ON = replace(FACTS, there=frozenset({f"{STATE}/{NAME}.conf"}))


def desired(facts: Facts = FACTS, **site: Any) -> Desired:
    document = {"sites": {NAME: {"kind": "proxy", "port": 3000, "https": False, **site}}}
    return desired_files(Config.model_validate(document), facts)


def test_without_a_word_of_it_a_site_is_as_the_switch_says() -> None:
    assert not desired().drift
    assert f"{WANTED}/{NAME}.conf" not in desired().files
    (told,) = desired(ON).pressing
    assert told == f"{NAME} is in maintenance until you run: deploy maintenance {NAME} off"


@pytest.mark.parametrize("state", ["on", "off"])
@pytest.mark.parametrize("facts", [FACTS, ON])
def test_what_is_otherwise_is_in_the_plan(state: str, facts: Facts) -> None:
    found = desired(facts, maintenance=state)
    assert f"state {state}\n".encode() in found.files[f"{WANTED}/{NAME}.conf"].content
    assert bool(found.drift) == ((state == "on") != (facts is ON))
    assert not found.pressing


def test_who_sees_it_all_the_same() -> None:
    found = desired(maintenance={"allow": ["203.0.113.7", "2001:db8::/64"]})
    text = found.files[f"{WANTED}/{NAME}.conf"].content.decode()
    assert text.endswith("allow 203.0.113.7\nallow 2001:db8::/64\n")
    assert "state" not in text


@pytest.mark.parametrize("wrong", ["perhaps", {"state": "maybe"}, {"allow": ["1.2.3.4; deny all"]}])
def test_what_is_no_choice(wrong: Any) -> None:
    with pytest.raises((UsageError, ValueError)):
        desired(maintenance=wrong)
