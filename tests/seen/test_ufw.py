"""UFW's own words for its rules, and what they lack of the list, or have too much."""

from deployer.seen.ufw import drift, read_ufw

SETTINGS = ("ENABLED=yes", "IPV6=yes", 'DEFAULT_INPUT_POLICY="DROP"')
SSH = (
    "4 allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=535348",
    "6 allow tcp 22 ::/0 any ::/0 in comment=535348",
)


def told(*lines: str, managed: bool = True) -> tuple[str, ...]:
    return drift(read_ufw(lines, managed), ["22/tcp"])


def test_nothing_is_told_of_what_is_as_it_should_be_or_not_there() -> None:
    assert told(*SETTINGS, *SSH) == ()
    assert told() == ()
    assert told("ENABLED=no", managed=False) == ()


def test_what_is_missing_is_told() -> None:
    assert told("ENABLED=no", *SETTINGS[1:], *SSH) == ("UFW is off: turn it on",)
    assert told(*SETTINGS[:2], 'DEFAULT_INPUT_POLICY="ACCEPT"', *SSH) == (
        "UFW lets in what no rule names: deny it",
    )
    assert told(*SETTINGS, SSH[0]) == ("no rule `allow 22/tcp`: add it",)
    assert told("ENABLED=yes", 'IPV6="no"', SETTINGS[2], SSH[0]) == ()


def test_what_was_made_by_hand_is_told() -> None:
    hand = (
        "4 allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in",
        "6 allow tcp 8080 ::/0 any ::/0 in",
        "4 allow any 25 0.0.0.0/0 any 192.0.2.1 in",
        "4 limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 OpenSSH - in",
        "4 deny any any 0.0.0.0/0 any 203.0.113.9 in",
    )
    for managed in (True, False):
        assert told(*SETTINGS, *SSH, *hand, managed=managed) == (
            "rule `allow 8080/tcp` is not in sites.yaml: delete it",
            "rule `allow in 25 from 192.0.2.1` is not in sites.yaml: delete it",
            "rule `deny in any from 203.0.113.9` is not in sites.yaml: delete it",
            "rule `limit in 22/tcp from anyone (OpenSSH)` is not in sites.yaml: delete it",
        )
