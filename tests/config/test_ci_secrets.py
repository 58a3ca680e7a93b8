"""What a forge is told, and what is left out."""

import pytest

from deployer.config.ci_secrets import secrets_of
from deployer.config.model import Config
from deployer.errors import UsageError

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnWTbX0w5fKn8XzCqX3oZrAe3m7pV9GkW2vYq1s4u6o"
PUSHED = "www.example.org"


def config(**server: object) -> Config:
    return Config.model_validate(
        {
            "server": {"host": "vps.example.org", **server},
            "sites": {PUSHED: {"kind": "static", "repository": "https://git.example.org/r/www.git"}},
            "keys": {"ci": {"push": [PUSHED], "public": PUBLIC}},
        }
    )


def test_the_usual_port_and_user_are_no_secrets_for_a_forge_would_star_them_out_of_every_line() -> None:
    names = {"SSH_HOST", "SSH_KNOWN_HOSTS", "SSH_PRIVATE_KEY"}
    assert secrets_of(config(), PUSHED, "private", PUBLIC, "known").keys() == names
    other = secrets_of(config(port=2222), PUSHED, "private", PUBLIC, "known")
    assert other.keys() == names | {"SSH_PORT"}
    assert other["SSH_PORT"] == "2222"


def test_only_a_key_that_may_push_the_site_gets_there() -> None:
    with pytest.raises(UsageError, match="may push"):
        secrets_of(config(), PUSHED, "private", PUBLIC.replace("JnW", "JnX"), "known")
