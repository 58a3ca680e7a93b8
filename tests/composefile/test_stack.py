"""Several compose files together, and what is laid over them."""

from dataclasses import replace

import pytest

from deployer.composefile import compose_checks, compose_file
from deployer.composefile.laid_over import Wishes, check_version
from deployer.composefile.stack import Stack, stack
from deployer.errors import DeployError
from deployer.values.attachments import LocalFile

WISHES = Wishes()
SERVICE = "services:\n  web:\n    image: x:1\n"


def local(text: str, name: str = "my.yml") -> LocalFile:
    return LocalFile(name, f"/{name}", text.encode())


def of(
    text: str,
    *over: str,
    public: bool | frozenset[int] = False,
    wishes: Wishes = WISHES,
    **values: str | None,
) -> Stack:
    overrides = tuple(local(each, f"over-{number}.yml") for number, each in enumerate(over))
    return stack(local(text), tuple(sorted(values.items())), overrides, replace(wishes, public=public))


def text_of(found: Stack) -> str:
    return found.files().get("docker-compose.deploy.yml", b"").decode()


def ports_of(found: Stack) -> list[str]:
    """The lines of our own file below `ports:`."""
    return [line.strip().removeprefix("- ") for line in text_of(found).splitlines()[4:]]


def test_a_file_that_opens_nothing_is_the_only_one() -> None:
    text = SERVICE + "    ports: ['127.0.0.1:80:80']\n"
    assert of(text).files() == {"docker-compose.yml": text.encode()}


@pytest.mark.parametrize(
    ("entry", "bound"),
    [
        ("8080:80", ['"127.0.0.1:8080:80"']),
        ("80", ['"127.0.0.1:80:80"']),
        ("'8080-8090:80-90/udp'", ['"127.0.0.1:8080-8090:80-90/udp"']),
        ("'[::]:8080:80'", ['"127.0.0.1:8080:80"']),
        ("'${EXPOSE_PORT-:2283:2283}'", ['"127.0.0.1:2283:2283"']),
        ("'${EXPOSE_PORT:-2283}:2283'", ['"127.0.0.1:${EXPOSE_PORT:-2283}:2283"']),
        ("'${HUSH}:8080:80'", ['"127.0.0.1:8080:80"']),
        ("{target: 80}", ["target: 80", "published: 80", "host_ip: 127.0.0.1"]),
        (
            "{target: 80, published: '${PORT}', host_ip: 0.0.0.0, mode: host}",
            ["target: 80", 'published: "${PORT}"', "mode: host", "host_ip: 127.0.0.1"],
        ),
    ],
)
def test_what_is_open_to_everyone_is_bound(entry: str, bound: list[str]) -> None:
    found = of(f"{SERVICE}    ports:\n      - {entry}\n", HUSH=None, PORT="8080")
    assert ports_of(found) == bound
    assert compose_checks.problems(found.definition, public=False) == []
    (said,) = found.remarks
    assert said.startswith("its service web publishes '")
    assert "docker-compose.deploy.yml binds it" in said
    assert of(f"{SERVICE}    ports:\n      - {entry}\n", public=True, HUSH=None, PORT="8080").over == ()


def test_ports_that_are_named_stay_open_and_all_of_a_service_are_written_again() -> None:
    text = SERVICE + "    ports: ['222:22', '3000:3000', '127.0.0.1:1:1']\n"
    found = of(text, public=frozenset({222}))
    assert ports_of(found) == ['"222:22"', '"127.0.0.1:3000:3000"', '"127.0.0.1:1:1"']
    assert compose_checks.problems(found.definition, frozenset({222})) == []
    (wrong,) = compose_checks.not_opened(found.definition, frozenset({222, 9}))
    assert str(wrong).startswith("/my.yml:2:3: no service opens port 9 to everyone")
    assert of(text, public=frozenset({222, 3000})).over == ()


def test_what_cannot_be_bound_is_refused_as_before() -> None:
    text = SERVICE + "    network_mode: host\n    ports: [x]\n"
    found = of(text)
    assert found.over == ()
    places = [str(problem).split(" ")[0] for problem in compose_checks.problems(found.definition, False)]
    assert places == ["/my.yml:5:13:", "/my.yml:4:19:"]


def test_the_server_gets_the_file_unchanged_and_one_that_includes_all() -> None:
    text = f"name: ${{STACK:-shop}}\n{SERVICE}    ports: ['80:80']\n"
    files = of(text, "services: {web: {environment: [A=b]}}\n").files()
    assert [*files] == [
        "docker-compose.yml",
        "docker-compose.upstream.yml",
        "docker-compose.override-1.yml",
        "docker-compose.deploy.yml",
    ]
    assert files["docker-compose.upstream.yml"] == text.encode()
    assert files["docker-compose.yml"].decode().splitlines()[1:] == [
        'name: "${STACK:-shop}"',
        "include:",
        "  - path:",
        "      - docker-compose.upstream.yml",
        "      - docker-compose.override-1.yml",
        "      - docker-compose.deploy.yml",
    ]


def merged(*texts: str) -> object:
    root = of(*texts, public=True).definition.root
    assert root
    return root.plain()


def test_files_are_merged_as_docker_compose_does() -> None:
    base = """\
services:
  web:
    image: x:1
    build: ./a
    command: [a, b]
    environment: [A=1, B=2]
    volumes: [./data:/data, other:/other]
    ports: ['80:80', '127.0.0.1:81:81']
    depends_on: [db]
    cap_add: [A]
    dns: 1.1.1.1
    labels: {x: y}
    user: root
"""
    over = """\
services:
  web:
    build: {dockerfile: D}
    command: c
    environment: {B: 3, C: 4}
    volumes: [/srv/data:/data]
    ports: ['80:80', '82:82']
    depends_on: {db: {condition: service_healthy}}
    cap_add: [A, B]
    dns: [8.8.8.8]
    labels: !override {z: a}
    user: !reset null
  db: {image: y}
"""
    assert merged(base, over) == {
        "services": {
            "web": {
                "image": "x:1",
                "build": {"context": "./a", "dockerfile": "D"},
                "command": "c",
                "environment": {"A": "1", "B": "3", "C": "4"},
                "volumes": ["/srv/data:/data", "other:/other"],
                "ports": ["80:80", "127.0.0.1:81:81", "82:82"],
                "depends_on": {"db": {"condition": "service_healthy"}},
                "cap_add": ["A", "B"],
                "dns": ["1.1.1.1", "8.8.8.8"],
                "labels": {"z": "a"},
            },
            "db": {"image": "y"},
        }
    }


def test_each_mistake_has_the_line_of_its_own_file() -> None:
    found = of(SERVICE + "    command: $A\n", "services:\n  web:\n    network_mode: host\n    user: $B\n")
    places = [str(problem).split(" ")[0] for problem in compose_checks.problems(found.definition, False)]
    assert places == ["/my.yml:4:14:", "/over-0.yml:4:11:", "/over-0.yml:3:19:"]
    assert of(SERVICE, "a: [\n").definition.root is None


def test_tags_of_docker_compose_are_no_mistake() -> None:
    assert compose_file.definition(local(SERVICE + "    command: !reset null\n")).problems == ()
    assert compose_file.definition(local(SERVICE + "    command: !other x\n")).problems


def test_an_older_docker_compose_is_named() -> None:
    check_version(None)
    check_version((2, 24, 4))
    with pytest.raises(DeployError, match=r"the server has Docker Compose 2\.24\.3, and what is laid over"):
        check_version((2, 24, 3))


def test_a_port_inside_gets_one_of_the_server_whatever_the_file_publishes() -> None:
    wishes = Wishes(publish=((3010, "web", 3000), (3011, "db", 5432)))
    text = SERVICE + "    ports: ['3000:3000', '222:22']\n  db: {image: y}\n  other: {image: z}\n"
    found = of(text, wishes=wishes)
    assert text_of(found).splitlines()[2:] == [
        "  web:",
        "    ports: !override",
        '      - "127.0.0.1:3010:3000"',
        '      - "127.0.0.1:222:22"',
        "  db:",
        "    ports: !override",
        '      - "127.0.0.1:3011:5432"',
    ]
    assert len(found.remarks) == 1
    assert compose_checks.not_there(found.definition, wishes) == []
    (wrong,) = compose_checks.not_there(found.definition, Wishes(publish=((1, "gone", 2),)))
    assert str(wrong) == "/my.yml:2:3: there is no service 'gone', whose port publish: in sites.yaml names"
    opened = of(text, wishes=wishes, public=True)
    assert ports_of(opened)[:2] == ['"127.0.0.1:3010:3000"', '"222:22"']


def test_logs_are_limited_where_the_file_says_nothing_of_them() -> None:
    found = of(SERVICE + "  own: {image: y, logging: {driver: none}}\n", wishes=Wishes(log_limit="10m"))
    assert text_of(found).splitlines()[2:] == [
        "  web:",
        "    logging:",
        "      driver: json-file",
        '      options: {max-size: "10m", max-file: "3"}',
    ]
