"""What a command of backups says of a site that has none, and whom it does not ask."""

import pytest

from deployer.commands._backup import chosen_names
from deployer.commands.restore import reached
from deployer.config.model import Config
from deployer.errors import UnreachableError, UsageError

SITES = {
    "server": {"host": "127.0.0.1", "port": 1},
    "sites": {
        "www.example.org": {"kind": "static", "repository": "https://git.example.org/a.git"},
        "old.example.org": {"kind": "redirect", "to": "https://www.example.org"},
    },
}
CONFIG = Config.model_validate(
    {**SITES, "backups": {"recipient": "key.asc", "folders": {"photos": ["/srv/photos"]}}}
)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("www.example.org", "^www.example.org is of kind static: its content is in Git"),
        ("old.example.org", "^old.example.org is of kind redirect: it has no data of its own"),
        ("photo", r"^nothing of 'photo' is backed up \(did you mean 'photos'\?\)"),
    ],
)
def test_why_there_is_none(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        chosen_names(CONFIG, [name])


@pytest.mark.parametrize("backups", [{}, {"backups": {"recipient": "key.asc"}}])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("www.example.org", "^www.example.org is of kind static: its content is in Git"),
        ("old.example.org", "^old.example.org is of kind redirect: it has no data of its own"),
        ("photos", "^(there are no backups in sites.yaml|nothing in sites.yaml is backed up)$"),
    ],
)
def test_no_backups_are_advised_for_what_would_have_none(
    backups: dict[str, object], name: str, told: str
) -> None:
    config = Config.model_validate({**SITES, **backups})
    with pytest.raises(UsageError, match=told) as caught:
        chosen_names(config, [name])
    assert ("recipient" in caught.value.advice or "folders" in caught.value.advice) == (name == "photos")
    with pytest.raises(UsageError):
        chosen_names(config, [])


def test_the_server_is_not_asked_for_an_archive_that_is_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with reached(CONFIG, needed=False, elsewhere=True) as server:
        assert server is None
    assert capsys.readouterr().err == ""
    with pytest.raises(UnreachableError), reached(CONFIG, needed=True, elsewhere=True):
        pass
