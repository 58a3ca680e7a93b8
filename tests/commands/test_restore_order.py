"""What comes back first when everything is restored."""

from deployer.commands._restore_all import in_order
from deployer.config.model import Config

GIT = {"kind": "gitea", "version": "1.26.4", "sha256": "0" * 64, "email": "me@example.org"}


def test_git_comes_before_what_is_pushed_from_it() -> None:
    config = Config.model_validate(
        {
            "sites": {
                "www.example.org": GIT,
                "a.example.org": {"kind": "ntfy"},
                "b.example.org": {"kind": "ntfy"},
            }
        }
    )
    names = ["b.example.org", "photos", "www.example.org", "a.example.org"]
    assert in_order(config, names) == ["www.example.org", "a.example.org", "b.example.org", "photos"]
