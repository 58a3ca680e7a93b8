"""What systemd says of units, in the shape of containers."""

import pytest

from deployer.seen.units import PROPERTIES, read_units


def said(**values: str) -> str:
    known = dict.fromkeys(PROPERTIES.split(","), "") | {"Id": "wiki.service", "Type": "simple"} | values
    return "".join(f"{name}={value}\n" for name, value in known.items())


@pytest.mark.parametrize(
    ("values", "state", "fine", "stopped"),
    [
        ({"ActiveState": "active", "MemoryCurrent": "4096", "NRestarts": "2"}, "running", True, False),
        ({"ActiveState": "reloading"}, "running", True, False),
        ({"ActiveState": "failed", "ExecMainStatus": "7"}, "failed", False, False),
        ({"ActiveState": "activating"}, "activating", False, False),
        ({"ActiveState": "inactive"}, "exited", False, True),
        ({"ActiveState": "inactive", "Type": "oneshot", "ExecMainStatus": "0"}, "exited", True, False),
    ],
)
def test_a_unit_is_as_systemd_says(values: dict[str, str], state: str, fine: bool, stopped: bool) -> None:
    (unit,) = read_units("wiki.example.org", said(**values))
    assert (unit.state, unit.fine, unit.stopped) == (state, fine, stopped)
    assert unit.memory == (4096 if "MemoryCurrent" in values else None)


def test_several_are_told_apart() -> None:
    found = [
        *read_units("wiki", said(ActiveState="active", MemoryCurrent="[not set]") + "\n" + said(Id="a.timer"))
    ]
    assert [(each.service, each.memory) for each in found] == [("wiki.service", None), ("a.timer", None)]
