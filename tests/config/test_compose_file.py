"""A user's own compose file: every way to be open to everyone, and every mistake, with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.config import compose_checks, compose_file, ports
from deployer.config.attachments import LocalFile
from deployer.config.nodes import Node
from deployer.config.quantities import Plain

SERVICE = "services:\n  web:\n    image: x:1\n"


def file(text: str) -> LocalFile:
    return LocalFile("my.yml", "/my.yml", text.encode())


def problems(
    text: str, known: tuple[str, ...] = (), delivered: tuple[str, ...] = (), public: bool = False
) -> list[str]:
    return [str(p) for p in compose_checks.problems(file(text), known, delivered, public)]


def of_ports(entry: str, public: bool = False) -> list[str]:
    return problems(f"{SERVICE}    ports:\n      - {entry}\n", public=public)


@pytest.mark.parametrize(
    "entry",
    [
        "127.0.0.1:8080:80",
        '"127.0.0.1:8080:80/tcp"',
        "127.0.0.1::80",
        "127.1.2.3:8080-8090:80-90/udp",
        '"[::1]:8080:80"',
        "127.0.0.1:${PORT:-8080}:80",
        "{target: 80, published: 8080, host_ip: 127.0.0.1}",
        '{target: 80, published: "8080-8081", host_ip: "::1", protocol: udp}',
    ],
)
def test_ports_of_this_server_alone(entry: str) -> None:
    assert of_ports(entry) == []


@pytest.mark.parametrize(
    ("entry", "instead"),
    [
        ("8080:80", "127.0.0.1:8080:80"),
        ('"8080:80/udp"', "127.0.0.1:8080:80/udp"),
        ("80", "127.0.0.1:80:80"),
        ("80/udp", "127.0.0.1:80:80/udp"),
        ("8080-8090:80-90", "127.0.0.1:8080-8090:80-90"),
        ("0.0.0.0:8080:80", "127.0.0.1:8080:80"),
        ("192.0.2.1:8080:80", "127.0.0.1:8080:80"),
        ('"[::]:8080:80"', "127.0.0.1:8080:80"),
        ('":::8080:80"', "127.0.0.1:8080:80"),
        ("${ADDRESS-127.0.0.1}:8080:80", None),
        ("${PORTS-80:80}", None),
        ("{target: 80}", "127.0.0.1:80:80"),
        ("{target: 80, published: 8080}", "127.0.0.1:8080:80"),
        ("{target: 80, published: 8080, host_ip: 0.0.0.0}", None),
        ("{target: 80, published: 8080, mode: host}", "127.0.0.1:8080:80"),
        ("1270.0.0.1:8080:80", None),
        ("1.127.0.0.1:8080:80", None),
    ],
)
def test_ports_that_are_open_to_everyone(entry: str, instead: str | None) -> None:
    (problem,) = of_ports(entry)
    assert problem.startswith("/my.yml:5:9: services.web.ports: '")
    assert "is open to everyone, past the firewall too" in problem
    assert problem.endswith("or say public: true in sites.yaml")
    if instead:
        assert f"write '{instead}'" in problem
    assert of_ports(entry, public=True) == []


def test_other_ways_to_be_open() -> None:
    text = (
        SERVICE
        + "    network_mode: host\nnetworks:\n  a: {driver: macvlan}\n  b: {external: true, name: host}\n"
    )
    found = problems(text)
    assert [problem.split(": ")[0] for problem in found] == ["/my.yml:4:19", "/my.yml:6:6", "/my.yml:7:6"]
    assert "network_mode: all its ports are open to everyone" in found[0]
    assert problems(text, public=True) == []
    assert problems(SERVICE + "    network_mode: service:db\nnetworks:\n  a: {driver: bridge}\n") == []


def test_ports_behind_an_anchor_are_seen() -> None:
    text = "x: &open\n  ports: [8080:80]\nservices:\n  a: {<<: *open, image: x}\n"
    text += "  b: {image: y, ports: [81:80]}\n"
    assert [problem.split(" ")[0] for problem in problems(text)] == ["/my.yml:2:11:", "/my.yml:5:25:"]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("$A ${B} ${C:?why} ${D?} ${E:?}", "ABCDE"),
        ("$$A $${B} ${C:-x} ${D-} ${E:+x} ${F+x}", ""),
        ("${A:-${B}} ${C:-$D}", "BD"),
        ("100% of $ and ${COMPOSE_PROJECT_NAME}", ""),
    ],
)
def test_variables_without_a_value(text: str, unknown: str) -> None:
    found = problems(
        SERVICE + f"    environment:\n      KEY: '{text}'\n    command: [ok, $KNOWN]\n", ("KNOWN",)
    )
    assert found == [
        f"/my.yml:5:12: ${{{name}}} has no value: declare it in sites.yaml, under secrets or environment"
        for name in unknown
    ]


def test_comments_and_keys_are_no_values() -> None:
    assert problems(SERVICE + "    environment:\n      $A: x # ${B}\n# $C\n") == []


def test_files_that_the_server_would_not_have() -> None:
    text = SERVICE + (
        "    env_file: [.env, ./web.env, {path: gone.env}, {path: maybe.env, required: false}, /etc/x.env]\n"
        "configs:\n  a: {file: ./a.conf}\n  b: {file: b.conf}\n  c: {content: x}\n"
        "secrets:\n  d: {environment: D}\n"
    )
    assert problems(text, delivered=("web.env", "a.conf")) == [
        "/my.yml:4:40: 'gone.env' would not be on the server: name it in sites.yaml, under files",
        "/my.yml:7:13: 'b.conf' would not be on the server: name it in sites.yaml, under files",
    ]
    assert len(problems(SERVICE + "    env_file: web.env\n")) == 1


def test_other_files_are_not_followed() -> None:
    found = problems("include: [x.yml]\n" + SERVICE + "    extends: {file: y.yml, service: z}\n")
    assert [problem.split(" ")[0] for problem in found] == ["/my.yml:1:10:", "/my.yml:5:21:"]
    assert problems(SERVICE + "    extends: {service: z}\n  z: {image: x}\n") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "/my.yml:1:1: the file is empty"),
        ("# only a comment\n", "/my.yml:1:1: the file is empty"),
        ("services:\n\tweb: x\n", "/my.yml:2:1: a tab is here: YAML is indented with spaces"),
        ("services:\n  web: [x\n", "/my.yml:2:8: a bracket is opened here and not closed"),
        ("- web\n", "/my.yml:1:1: expected keys such as 'services:' at the beginning of lines"),
        ("service: {}\n", "/my.yml:1:1: a compose file has services: and at least one below it"),
        ("services:\n", "/my.yml:1:1: a compose file has services: and at least one below it"),
        (
            "services: {a: {image: x}}\nservices: {}\n",
            "/my.yml:2:1: 'services' is here twice (first on line 1)",
        ),
        (
            "services: {a: {image: x}}\n---\na: b\n",
            "/my.yml:2:1: a second document begins here: my.yml is one document",
        ),
    ],
)
def test_what_is_no_compose_file(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_bytes_that_are_no_text() -> None:
    (problem,) = compose_checks.problems(LocalFile("my.yml", "/my.yml", b"a: \xff\n"), (), (), False)
    assert str(problem) == "/my.yml:1:4: this is not UTF-8 text"


def test_nginx_must_find_something_at_its_port() -> None:
    text = (
        SERVICE + "    ports: [127.0.0.1:8080-8082:80-82, {target: 1, published: 9000, host_ip: 127.0.0.1}]\n"
    )
    for port in (8080, 8082, 9000):
        assert compose_checks.port_problems(file(text), port) == []
    (problem,) = compose_checks.port_problems(file(text), 8083)
    assert str(problem).startswith("/my.yml:2:3: no service publishes 127.0.0.1:8083")
    assert compose_checks.port_problems(file(SERVICE + "    ports: ['127.0.0.1:${P:-1}:80']\n"), 8083) == []
    assert compose_checks.port_problems(file(SERVICE + "    network_mode: host\n"), 8083) == []


def test_what_is_told_of_it() -> None:
    text = (
        "name: shop\nservices:\n  a: {image: x:1, privileged: true}\n  b: {build: ., image: y}\n"
        "  c: {image: x:1, volumes: ['/var/run/docker.sock:/s']}\n"
    )
    assert compose_file.project(file(text)) == "shop"
    assert compose_file.images(file(text)) == ("x:1",)
    assert compose_file.built(file(text))
    assert [danger.split(":")[0] for danger in compose_file.dangers(file(text))] == [
        "its service a is privileged",
        "its service c controls Docker",
    ]
    assert not compose_file.built(file(SERVICE))


@given(st.text("0123456789:.-[]/${}abtcpud ", max_size=24))
def test_no_text_is_taken_for_local_that_is_not(text: str) -> None:
    entry = ports.short(Node(1, 1, Plain(text)))
    assert entry.local == text.startswith(("127.", "[::1]:", "::1:")) or not entry.local
    assert not entry.local or entry.address in text


def test_the_example_is_fine() -> None:
    for path in Path(__file__).parents[2].glob("examples/links/*.yml"):
        found = compose_checks.problems(
            LocalFile(path.name, str(path), path.read_bytes()), ("ADMIN", "PASSWORD"), (), False
        )
        assert not found
