"""What sites.yaml says of an application."""

from typing import Any

import pytest
from pydantic import ValidationError

from deployer.kinds.app import App
from deployer.seen.facts import Facts

FACTS = Facts(os="debian", release="13")
APP = {"kind": "app", "repository": "https://git.example.org/a.git", "port": 3000}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"release": "node migrate.js && echo done"}, "no shell reads this, so && is a word as any other"),
        ({"command": "node server.js|tee log"}, "so | is a word"),
        ({"workers": {"mail": "node mail.js >log"}}, "so > is a word"),
        ({"jobs": {"* * * * *": "date; id"}}, "so ; is a word"),
        ({"workers": {"app": "a", "db": "b"}}, "workers: app, db: names of something else of it"),
        (
            {"environment": {"A": "1", "B": "1"}, "secrets": {"A": "generate", "B": "generate"}},
            "both have A, B",
        ),
        ({"database": "postgres", "secrets": {"DATABASE_URL": "generate"}}, "comes with its database"),
        ({"database": "mariadb", "environment": {"DATABASE_URL": "x"}}, "comes with its database"),
        (
            {"secrets": {"A": "generate"}, "build_secrets": {"A": "generate"}},
            "build_secrets: A is a secret of its containers",
        ),
        (
            {"database": "postgres", "build_secrets": {"DB_PASSWORD": "generate"}},
            "DB_PASSWORD is a secret of its",
        ),
        ({"build_secrets": {"A B": "generate"}}, "build_secrets"),
        ({"build_secrets": {"A": "a-secret-itself"}}, "build_secrets"),
    ],
)
def test_what_would_not_do_what_it_says_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as caught:
        App.model_validate(APP | values)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        "sh -c 'a && b | c >d'",
        'node -e "1;2"',
        "node a.js --tag=x&y",
        "echo # all",
        "grep 'a|b'",
        "echo 'open",
    ],
)
def test_words_that_a_program_gets_are_taken(words: str) -> None:
    assert App.model_validate(APP | {"command": words}).command == words


def test_only_what_comes_over_ssh_is_fetched_so() -> None:
    """An image of a registry is no repository: it waits for no push."""
    for where, by_ssh in (
        ({"image": "registry.example.org/shop:1"}, False),
        ({"repository": "https://git.example.org/shop.git"}, False),
        ({"repository": "git@git.example.org:shop.git"}, True),
    ):
        assert App.model_validate({"kind": "app", "port": 80, **where}).is_by_ssh == by_ssh


def test_a_secret_of_the_build_is_in_no_container() -> None:
    app = App.model_validate(APP | {"build_secrets": {"NPM_TOKEN": "generate", "KEY": "env:KEY"}})
    assert {"NPM_TOKEN", "KEY"} <= app.variables().keys()
    assert app.more_values("a.example.org")["BUILD_SECRETS"] == "NPM_TOKEN KEY"
    file = app.files("a.example.org", FACTS)["/opt/a.example.org/docker-compose.yml"]
    assert b"NPM_TOKEN" not in file.content


def test_an_image_has_no_secret_of_its_build() -> None:
    app = {"kind": "app", "image": "registry.example.org/a:1", "port": 3000}
    with pytest.raises(ValidationError, match="build_secrets: is for what comes from a repository"):
        App.model_validate(app | {"build_secrets": {"A": "generate"}})
