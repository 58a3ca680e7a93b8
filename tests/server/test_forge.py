"""Secrets through Gitea's API, against a server of the test's own that checks what its documentation asks.

No Gitea is at hand here: that a real one answers as this one does was never seen.
"""

from collections.abc import Iterator
from http.server import HTTPServer

import pytest

from deployer.errors import DeployError, UnreachableError
from deployer.server.forge import set_secrets
from deployer.values.forges import ForgeRepository
from server.gitea import TOKEN, running


@pytest.fixture
def gitea() -> Iterator[HTTPServer]:
    with running() as server:
        yield server


def there(gitea: HTTPServer, name: str = "a", owner: str = "me") -> ForgeRepository:
    return ForgeRepository(f"http://127.0.0.1:{gitea.server_port}", owner, name)


def test_secrets_are_set_and_set_anew(gitea: HTTPServer) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nä\n-----END OPENSSH PRIVATE KEY-----\n"
    set_secrets(there(gitea), TOKEN, {"SSH_HOST": "old", "SSH_PRIVATE_KEY": key, "SSH_PORT": "2222"})
    set_secrets(there(gitea), TOKEN, {"SSH_HOST": "vps.example.org"}, ("SSH_PORT", "SSH_USER"))
    assert gitea.secrets == {"SSH_HOST": "vps.example.org", "SSH_PRIVATE_KEY": key}


@pytest.mark.parametrize(
    ("name", "owner", "token", "words"),
    [
        ("a", "me", "wrong", "the token is not accepted"),
        ("readonly", "me", TOKEN, "it needs the scope write:repository"),
        ("a", "nobody", TOKEN, "there is no such repository"),
        ("elsewhere", "me", TOKEN, "it answers 302"),
    ],
)
def test_a_refusal_is_told_without_the_secret(
    gitea: HTTPServer, name: str, owner: str, token: str, words: str
) -> None:
    with pytest.raises(DeployError) as error:
        set_secrets(there(gitea, name, owner), token, {"SSH_PRIVATE_KEY": "precious"})
    assert error.value.message.startswith(f"SSH_PRIVATE_KEY was not set in {owner}/{name}")
    assert words in error.value.message
    assert "precious" not in error.value.message + error.value.advice
    assert gitea.secrets == {}


def test_nobody_there() -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        set_secrets(ForgeRepository("http://127.0.0.1:1", "me", "a"), TOKEN, {"SSH_HOST": "vps"})
