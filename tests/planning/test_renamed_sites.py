"""Published sites that go on under another domain: what is told, and which names are theirs."""

import pytest
from pydantic import ValidationError

from deployer.config.checks import check
from deployer.config.model import Config
from deployer.kinds.static import Static
from deployer.planning.desired import desired_files
from deployer.planning.renamed_sites import renamed_sites
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation

SITE = {"kind": "static", "repository": "https://git.example.org/a.git", "https": False}
OLD = {"old.test": SITE}
NEW = {"new.test": {**SITE, "renamed_from": "old.test"}}
FACTS = Facts("debian", "13")


def config(**sites: object) -> Config:
    return Config.model_validate({"sites": sites})


def server(was: Config) -> Observation:
    """What an apply of these sites has left."""
    files = desired_files(was, FACTS).files
    return Observation(FACTS, files, {path: file.digest for path, file in files.items()})


def test_the_plan_says_what_goes_along_until_it_has() -> None:
    told = list(renamed_sites(config(**NEW), server(config(**OLD))))
    assert told == [
        "new.test goes on with what was published of old.test: its releases, caches and deploy key. "
        "old.test leads there when new.test answers"
    ]
    assert not list(renamed_sites(config(**NEW), server(config(**OLD)), ["other.test"]))
    assert not list(renamed_sites(config(**NEW), server(config(**NEW)))), "it has"
    assert not list(renamed_sites(config(**NEW), server(config()))), "there is nothing of it"
    assert not list(renamed_sites(config(**OLD), server(config(**OLD))))


def test_the_former_name_is_nobody_elses() -> None:
    assert Static.model_validate(NEW["new.test"]).aliases == ("old.test",)
    (found,) = check(config(**NEW, **OLD))
    assert (found.path, found.message) == (
        ("sites", "new.test", "renamed_from"),
        "'old.test' is already the name of site 'old.test'",
    )
    (found,) = check(config(**NEW, **{"third.test": {**SITE, "aliases": ["old.test"]}}))
    assert found.message == "'old.test' is already an alias of site 'new.test'"
    (found,) = check(config(**{"old.test": {**SITE, "renamed_from": "old.test"}}))
    assert "the site's own name" in found.message


@pytest.mark.parametrize("name", ["old", "*.old.test", "Old.test", "a b.test", "../x", ""])
def test_what_was_no_domain(name: str) -> None:
    with pytest.raises(ValidationError) as told:
        Static.model_validate({"kind": "static", **SITE, "renamed_from": name})
    assert [error["loc"] for error in told.value.errors()] == [("renamed_from",)]


def test_the_scripts_on_the_server_know_it() -> None:
    files = Static.model_validate(NEW["new.test"]).published("new.test")
    assert files["/etc/deploy/renamed/new.test"].content == b"old.test\n"
    assert "/etc/deploy/renamed/old.test" not in Static.model_validate(SITE).published("old.test")
