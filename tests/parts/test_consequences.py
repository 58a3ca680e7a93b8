"""What a plan says of changes that turn safety on or off, or shut somebody out."""

from deployer.files import File
from deployer.parts import consequences
from deployer.parts.fail2ban import JAILS
from deployer.parts.firewall import FIREWALL
from deployer.parts.sshd import SSHD
from deployer.seen.facts import Facts
from deployer.seen.ufw import UfwState

OFF = UfwState(enabled=False, denies=True, ipv6=True, rules=frozenset(), rules6=frozenset())
ON = UfwState(enabled=True, denies=True, ipv6=True, rules=frozenset(), rules6=frozenset())
PEOPLE = {"accounts": frozenset({"root", "alma", "berta"}), "logins": frozenset({"root", "alma"})}


def told(path: str, before: str | None, after: str | None, **facts: object) -> tuple[str, ...]:
    sides = [None if text is None else File(text.encode()) for text in (before, after)]
    return tuple(consequences(path, *sides, Facts(os="debian", release="13", **facts)))


def test_the_firewall_that_goes_on_or_off_is_told() -> None:
    on = (f"the firewall is turned on: strangers reach what {FIREWALL} lists, and nothing else",)
    assert told(FIREWALL, None, "22/tcp SSH\n") == on
    assert told(FIREWALL, None, "22/tcp SSH\n", ufw=OFF) == on
    assert told(FIREWALL, "22/tcp SSH\n", "23/tcp SSH\n", ufw=ON) == ()
    assert "turned off" in told(FIREWALL, "22/tcp SSH\n", None, ufw=ON, ufw_was_off=True)[0]
    assert "stays on" in told(FIREWALL, "22/tcp SSH\n", None, ufw=ON)[0]


def test_what_stops_protecting_is_told() -> None:
    assert "fail2ban stops" in told(JAILS, "[sshd]\n", None)[0]
    assert told(JAILS, None, "[sshd]\n") == ()
    assert "passwords" in told(SSHD, "PasswordAuthentication no\n", None)[0]
    assert told(SSHD, "PasswordAuthentication no\n", "PasswordAuthentication yes\n") == (
        "users may log in with passwords",
    )


def test_who_is_not_there_and_who_is_shut_out_is_told() -> None:
    assert told(SSHD, None, "AllowUsers root almaa\n", **PEOPLE) == (
        "almaa may log in, but the server has no user of that name",
        "alma has a key and could log in until now: not any more",
    )
    assert told(SSHD, "AllowUsers root\n", "AllowUsers root deploy\n", **PEOPLE) == ()
    assert told(SSHD, None, "PermitRootLogin no\n", **PEOPLE) == (
        "root has a key and could log in until now: not any more",
    )
    assert told(SSHD, None, "PasswordAuthentication no\n", **PEOPLE) == ()


def test_a_unit_that_goes_stops() -> None:
    path, text = "/etc/systemd/system/deploy-wiki.service", "[Service]\n[Install]\n"
    assert told(path, text, None) == ("deploy-wiki.service stops, and starts no more",)
    assert told(path, text, text) == told(path, "[Service]\n", None) == told(f"{path}.d/x", text, None) == ()
