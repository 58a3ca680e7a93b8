"""What is read from a server's own words."""

import pytest

from deployer.audit.evidence import read_evidence
from deployer.files import File, pack
from deployer.seen.health import read_health
from deployer.seen.observation import read_observation, version

ENDS = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r")
"""What ends a line for Python, and for nothing that runs on a server."""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.22.1", (1, 22, 1)),
        ("3.5.7-1~deb13u3", (3, 5, 7)),
        ("26.1.5+dfsg1-9+b7", (26, 1, 5)),
        ("5:29.1.2-1~debian.12~bookworm", (29, 1, 2)),
        ("4.0.0-2+deb13u1", (4, 0, 0)),
        ("2.26", (2, 26, 0)),
        ("", None),
        ("none", None),
    ],
)
def test_versions_as_debian_writes_them(text: str, numbers: tuple[int, int, int] | None) -> None:
    assert version(text) == numbers


@pytest.mark.parametrize("end", ENDS)
def test_no_line_of_a_user_becomes_an_answer_of_the_server(end: str) -> None:
    """Such as one of a user's crontab, a comment behind a key, or what a container has said."""
    crontab = f"* * * * * certbot{end}package docker.io{end}unit nginx.service active enabled"
    said = f"os debian\nrelease 13\nrenewal /var/spool/cron/crontabs/eve {crontab}\n"
    seen = read_observation(pack({"/facts": File(said.encode())}))
    assert (seen.facts.packages, {**seen.facts.units}) == (frozenset(), {})
    assert seen.renewals == (f"/var/spool/cron/crontabs/eve {crontab}",)
    found = read_evidence(f"now 1\nkey eve ssh-ed25519 AAAA me{end}fail2ban active\n")
    assert found.one("fail2ban") == ""
    server = "".join(
        f"server {line}\n"
        for line in ("memory 1 1", "disk 1 1", "load 0 1", "uptime 1", "reboot no", "now 1")
    )
    assert read_health(f"{server}unwell notes.test it says{end}stopped a.test by me\n", {}).stopped == {}
