"""What a CI job hands over in its environment."""

import re

import pytest

from deployer.config.credentials import credentials
from deployer.errors import UsageError

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
WHOLE = {
    "SSH_HOST": "vps.example.org",
    "SSH_USER": "deploy",
    "SSH_PRIVATE_KEY": "-----BEGIN OPENSSH PRIVATE KEY-----\r\nsecret\r\n-----END OPENSSH PRIVATE KEY-----",
    "SSH_KNOWN_HOSTS": f"vps.example.org {HOST_KEY}\n# a comment\n[vps.example.org]:2222 {HOST_KEY} me",
    "SSH_PORT": "2222",
}


def test_all_is_taken_and_the_key_is_not_shown() -> None:
    given = credentials(WHOLE)
    assert given
    assert (given.host, given.user, given.port) == ("vps.example.org", "deploy", 2222)
    assert given.known_hosts.count("\n") == 1
    assert "\r" not in given.private_key
    assert "secret" not in repr(given)
    without = credentials({name: WHOLE[name] for name in WHOLE.keys() - {"SSH_PORT", "SSH_USER"}})
    assert without
    assert (without.user, without.port) == ("deploy", 22)
    assert credentials({"SSH_PORT": ""} | WHOLE | {"SSH_PORT": " "}).port == 22


def test_no_credentials_are_none() -> None:
    assert credentials({}) is None
    assert credentials({"SSH_AUTH_SOCK": "/tmp/agent", "SSH_PORT": "22"}) is None


@pytest.mark.parametrize("job", ["CI", "GITHUB_ACTIONS", "GITEA_ACTIONS"])
def test_a_ci_job_without_any_secret_is_told_which(job: str) -> None:
    with pytest.raises(UsageError) as error:
        credentials({job: "true"})
    assert error.value.message.startswith("there is no sites.yaml here, and SSH_HOST and SSH_PRIVATE")
    assert not re.search("SSH_PORT|SSH_USER", error.value.message)
    assert credentials({job: "false"}) is None
    assert credentials({job: "true"} | WHOLE)


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"SSH_PORT", "SSH_USER"}))
@pytest.mark.parametrize("value", ["", "  ", None])
def test_what_is_missing_is_named(name: str, value: str | None) -> None:
    given = {
        key: WHOLE[key] if key != name else value or "" for key in WHOLE if key != name or value is not None
    }
    with pytest.raises(UsageError) as error:
        credentials(given)
    assert error.value.message == f"{name} is not set"
    assert f"secrets.{name}" in error.value.advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSH_HOST", "vps.example.org; id"),
        ("SSH_HOST", "-oProxyCommand=id"),
        ("SSH_USER", "deploy me"),
        ("SSH_PORT", "22 22"),
        ("SSH_PORT", "99999"),
        ("SSH_KNOWN_HOSTS", HOST_KEY),
        ("SSH_KNOWN_HOSTS", "vps.example.org"),
        ("SSH_KNOWN_HOSTS", "vps.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"),
        ("SSH_KNOWN_HOSTS", f"@cert-authority vps.example.org {HOST_KEY}"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(UsageError) as error:
        credentials(WHOLE | {name: value})
    assert error.value.message.startswith(f"{name}: ")
