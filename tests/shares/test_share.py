"""Shares add up; nobody gets something else than it wants."""

import pytest

from deployer.errors import DeployError
from deployer.files import File
from deployer.shares.share import Share, total

UNIT = "/etc/systemd/system/deploy-wiki.service"


def test_what_two_want_alike_is_there_once() -> None:
    one = Share(files={UNIT: File(b"[Service]\n")}, packages=frozenset({"jq"}), users={"wiki": "a wiki"})
    assert total([one, one]) == one


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (Share(files={UNIT: File(b"a")}), Share(files={UNIT: File(b"b")}), UNIT),
        (Share(files={UNIT: File(b"a")}), Share(files={UNIT: File(b"a", 0o755)}), UNIT),
        (Share(users={"wiki": "a wiki"}), Share(users={"wiki": "a blog"}), "wiki"),
        (Share(ports={"a": frozenset({1})}), Share(ports={"a": frozenset({2})}), "a"),
    ],
)
def test_what_two_want_otherwise_is_refused(one: Share, other: Share, what: str) -> None:
    """Else the last of them would have it, and the other would run with what is not its own."""
    with pytest.raises(DeployError, match=f"two owners want {what}, and each of them something else"):
        total([one, Share(), other])
