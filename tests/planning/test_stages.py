"""What is wanted in the end, and at once: an apply leaves nothing to do for a plan of the same sites."""

import pytest

from deployer.config.model import Config
from deployer.files import File
from deployer.planning.desired import Desired
from deployer.planning.stages import at_once, in_the_end
from deployer.seen.facts import Certificate, Facts
from golden.server import config

REDIRECT = {"kind": "redirect", "to": "https://example.org"}
TWO = Config.model_validate({"sites": {"a.example.org": REDIRECT, "b.example.org": REDIRECT}})
CONFIGS = [TWO, config("security"), config("services")]


def shared(desired: Desired) -> dict[str, bytes]:
    """The files that belong to no single site."""
    return {path: file.content for path, file in desired.files.items() if path not in desired.site_of}


def with_certificate(config: Config, name: str) -> Facts:
    """A server on which only this site has its certificate."""
    names = frozenset({name, *config.sites[name].aliases})
    return Facts("debian", "13", certificates={name: Certificate(names, 0, "")})


@pytest.mark.parametrize(
    ("config", "name"),
    [(config, name) for config in CONFIGS for name, site in config.sites.items() if site.https],
)
def test_what_all_share_is_judged_alike_while_others_wait_for_their_certificate(
    config: Config, name: str
) -> None:
    facts = with_certificate(config, name)
    done = at_once(config, facts, in_the_end(config, facts), {})
    assert shared(in_the_end(config, facts, [name])) == shared(done)


def test_what_all_share_stays_as_it_shall_be_while_a_site_that_was_there_waits() -> None:
    jail = "/etc/fail2ban/jail.d/deploy.local"
    facts = with_certificate(TWO, "a.example.org")
    later = in_the_end(TWO, facts)
    other = File(b"of before")
    for there, stays in ((later.files[jail], True), (other, False)):
        assert (at_once(TWO, facts, later, {jail: there}).files[jail] == later.files[jail]) is stays


def test_what_all_share_knows_every_site_in_the_end() -> None:
    jail = "/etc/fail2ban/jail.d/deploy.local"
    found = in_the_end(TWO, with_certificate(TWO, "a.example.org"))
    assert b"b.example.org" in found.files[jail].content
    scoped = in_the_end(TWO, with_certificate(TWO, "a.example.org"), ["a.example.org"])
    assert b"b.example.org" not in scoped.files[jail].content
