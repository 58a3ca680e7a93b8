"""The advice after a login that failed is the same login, with the same port and key."""

from pathlib import Path

from deployer.server.advice import by_hand


def test_the_port_and_the_key_are_not_left_out() -> None:
    assert by_hand("root@vps.example.org:22", None) == "ssh -v root@vps.example.org"
    key = Path("/home/alma/my key")
    assert by_hand("alma@192.0.2.1:2222", key) == "ssh -v -p 2222 -i '/home/alma/my key' alma@192.0.2.1"
