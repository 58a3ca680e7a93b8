"""The timer of a site that is built once more by itself."""

import pytest
from pydantic import ValidationError

from deployer.config.model import Config
from deployer.files import File
from deployer.kinds.static import Static
from deployer.parts.rebuilds import adds
from deployer.seen.facts import Facts
from deployer.shares.share import Share

SITE = {"repository": "https://git.example.org/a.git"}
FACTS = Facts("debian", "13")
OWN = Share(files={"/etc/nginx/site": File(b"x\n")})


def test_a_site_that_says_how_often_has_a_timer_and_another_has_none() -> None:
    sites = {
        "a.test": {"kind": "hugo", "rebuild": "hourly", **SITE},
        "b.test": {"kind": "static", "build": "build.sh", **SITE},
    }
    config = Config.model_validate({"sites": sites})
    share = adds(config, "a.test", OWN, FACTS)
    assert share.units == {"deploy-rebuild-a.test.timer"}
    service, timer = (file.content.decode() for file in share.files.values())
    assert "ExecStart=/usr/local/lib/deploy/bin/push a.test --rebuild --by timer\n" in service
    assert "OnCalendar=hourly\n" in timer
    assert adds(config, "b.test", OWN, FACTS) == Share()
    assert adds(config, "a.test", Share(), FACTS) == Share(), "what does not answer yet is not built"


def test_what_does_not_change_by_itself_is_not_built_again() -> None:
    with pytest.raises(ValidationError, match="`rebuild:` is for a site with a build"):
        Static.model_validate({"kind": "static", "rebuild": "daily", **SITE})
