"""What a plan does about a Gitea's mirrors."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from deployer.config.model import Config
from deployer.kinds.gitea import MIRRORS
from deployer.planning.comparing import make_plan
from deployer.planning.stages import NOT_LOOKED_AT, in_the_end
from deployer.seen.observation import Observation
from deployer.values.secrets import FromEnvironment

GITHUB = {"owner": "me", "token": "env:GITHUB_TOKEN"}
ACME = "https://acme.test"


def config(**mirrors: Any) -> Config:
    site = {"kind": "gitea", "version": "1.26.0", "sha256": "a" * 64, "email": "me@git.test", "https": False}
    return Config.model_validate({"sites": {"git.test": {**site, "mirrors": mirrors}}, "security": False})


@pytest.mark.parametrize(
    ("mirrors", "words"),
    [
        ({"hub": GITHUB}, "write its address"),
        ({"github": GITHUB | {"token": "generate"}}, "the other side makes this token"),
        ({"github": GITHUB | {"interval": "5m"}}, "no interval below 10m"),
        ({"github": GITHUB | {"interval": 0, "on_push": False}}, "would never be pushed"),
        ({"github": GITHUB | {"repositories": ["one"]}}, "OWNER/NAME"),
        ({"github": GITHUB | {"owner": "me/../you"}}, "not the name of a user"),
        ({"git hub": GITHUB | {"address": "https://git.test"}}, "not a name for a mirror"),
    ],
)
def test_what_cannot_be_is_refused(mirrors: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        config(**mirrors)


def seen(wanted: Config, token: str = "old", **facts: Any) -> Observation:
    """A server as it shall be, but for these facts."""
    later = in_the_end(wanted, NOT_LOOKED_AT)
    written = {path: file.digest for path, file in later.files.items()}
    values = {"PASSWORD": "0" * 64, "MIRROR_GITHUB_TOKEN": sha256(token.encode()).hexdigest()}
    units = dict.fromkeys(later.units, "active enabled")
    known = replace(NOT_LOOKED_AT, packages=frozenset(later.packages), units=units, **facts)
    return Observation(known, dict(later.files), written, secrets={"/opt/git.test/.env": values})


def test_no_file_has_the_token() -> None:
    (file,) = (
        file
        for path, file in in_the_end(config(github=GITHUB), NOT_LOOKED_AT).files.items()
        if MIRRORS in path
    )
    assert b"github https://github.com/me me MIRROR_GITHUB_TOKEN 28800 true *\n" in file.content


def test_what_somebody_has_changed_is_in_the_plan() -> None:
    wanted = config(github=GITHUB)
    what = {"git.test": ("owner/one is not mirrored to x: mirror it",)}
    there = seen(wanted, mirrors=what)
    desired = in_the_end(wanted, there.facts)
    plan = make_plan(desired, there, ACME)
    assert plan.drift == {f"{MIRRORS}/git.test": what["git.test"]}
    assert [handler.live for handler in plan.handlers] == ["keep_mirrors"]
    assert plan.owners[f"{MIRRORS}/git.test"] == "git.test"
    assert make_plan(desired, there, ACME, scope=[]).drift == {}


def test_another_token_is_handed_on_though_no_file_changes() -> None:
    wanted = config(github=GITHUB)
    there = seen(wanted)
    desired = in_the_end(wanted, there.facts)
    secret = FromEnvironment("GITHUB_TOKEN")
    assert "keep_mirrors" not in [
        each.live for each in make_plan(desired, there, ACME, values={secret: "old"}).handlers
    ]
    plan = make_plan(desired, there, ACME, values={secret: "new"})
    assert plan.changes == ()
    assert [handler.live for handler in plan.handlers] == ["keep_mirrors"]
