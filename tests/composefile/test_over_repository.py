"""What lies over a compose file in a repository: whose each name is, and what has no place there."""

import pytest

from deployer.composefile.compose_file import definition
from deployer.composefile.over_repository import laid, own, problems, remarks
from deployer.values.attachments import LocalFile

GIVEN = (("PASSWORD", None), ("LANGUAGE", "en"))


def over(*texts: str):
    """What these files say together."""
    files = [LocalFile(f"{number}.yml", f"{number}.yml", text.encode()) for number, text in enumerate(texts)]
    return definition(files[0], GIVEN, tuple(files[1:]))


def test_a_name_is_the_overrides_or_the_repositorys() -> None:
    text = """
services:
  web: {environment: {A: b}, volumes: ["mine:/x"]}
  caddy: !reset null
  extra: {image: "redis:${LANGUAGE}"}
volumes: {mine: }
networks: {shared: {external: true}}
configs: {page: {content: hello}}
secrets: {word: {environment: PASSWORD}}
"""
    file = over(text)
    assert own(file) == (
        "services extra",
        "volumes mine",
        "networks shared",
        "configs page",
        "secrets word",
    )
    assert laid(file) == ("web", "caddy")
    assert problems(file, dict(GIVEN)) == []
    assert own(over("services: {a: {user: '1'}}", "services: {a: {image: x}}")) == ("services a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: {a: {environment: ['A=${MISSING}']}}", "${MISSING} has no value"),
        ("services: {a: {ports: ['80:80']}}", "services.a.ports: this has no place in an override of a repo"),
        ("services: {a: {build: .}}", "services.a.build: this has no place"),
        ("services: {a: {env_file: x}}", "services.a.env_file: this has no place"),
        (
            "services: {a: {extends: {file: b.yml, service: b}}}",
            "only a service of this file can be extended",
        ),
        ("services: {a: {network_mode: host}}", "all its ports would be open to everyone"),
        ("include: [b.yml]\nservices: {a: {user: '1'}}", "include: this has no place"),
        ("name: b\nservices: {a: {user: '1'}}", "project: in sites.yaml says what it is called"),
        ("services: {a: {user: '1'}}\nconfigs: {b: {file: ./b}}", "configs.b.file: nothing beside this file"),
        (
            "services: {a: {user: '1'}}\nsecrets: {b: {environment: B}}",
            "secrets.b: 'B' has no value in sites",
        ),
        ("volumes: {a: }", "a compose file has services: and at least one below it"),
        ("services: [", "a value is expected here"),
    ],
)
def test_what_has_no_place_is_told(text: str, message: str) -> None:
    assert message in "\n".join(problem.message for problem in problems(over(text), dict(GIVEN)))


def test_ports_may_be_taken_away() -> None:
    assert problems(over("services: {a: {ports: !reset []}}"), dict(GIVEN)) == []


def test_who_has_what_the_owner_gives_is_told() -> None:
    own_one = "services: {a: {image: a, volumes: ['/:/host']}}"
    socket = "mounts / of the server: whoever breaks into it reads and changes what is there"
    assert f"override: its service a {socket}" in [*remarks(over(own_one))]
    theirs = [*remarks(over("services: {a: {privileged: true}, b: {user: '1'}}"))]
    assert theirs[-1] == ("override: what a runs, the repository says: whoever may push to it has that, too")
    assert len(theirs) == 2
