"""A user's own compose file: every way to be open to everyone, and every mistake, with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.composefile import compose_checks, compose_file, ports, volumes
from deployer.composefile.compose_file import Definition
from deployer.composefile.dangers import dangers
from deployer.composefile.interpolation import Interpolation
from deployer.documents.nodes import Node
from deployer.values.attachments import LocalFile
from deployer.values.quantities import Plain

SERVICE = "services:\n  web:\n    image: x:1\n"


def file(text: str, **values: str | None) -> Definition:
    local = LocalFile("my.yml", "/my.yml", text.encode())
    return compose_file.definition(local, tuple(values.items()))


def problems(text: str, public: bool = False, **values: str | None) -> list[str]:
    return [str(p) for p in compose_checks.problems(file(text, **values), public)]


def of_ports(entry: str, public: bool = False, **values: str | None) -> list[str]:
    return problems(f"{SERVICE}    ports:\n      - {entry}\n", public, **values)


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
        ("${ADDRESS-0.0.0.0}:8080:80", "127.0.0.1:8080:80"),
        ("${PORTS-80:80}", "127.0.0.1:80:80"),
        ("{target: 80}", "127.0.0.1:80:80"),
        ("{target: 80, published: 8080}", "127.0.0.1:8080:80"),
        ("{target: 80, published: 8080, host_ip: 0.0.0.0}", "127.0.0.1:8080:80"),
        ("{target: 80, published: 8080, mode: host}", "127.0.0.1:8080:80"),
        ("1270.0.0.1:8080:80", "127.0.0.1:8080:80"),
        ("1.127.0.0.1:8080:80", "127.0.0.1:8080:80"),
    ],
)
def test_ports_that_are_open_to_everyone(entry: str, instead: str) -> None:
    (problem,) = of_ports(entry)
    assert problem.startswith("/my.yml:5:9: services.web.ports: '")
    assert "is open to everyone, past the firewall too" in problem
    assert problem.endswith("or say public: true in sites.yaml")
    assert f": write '{instead}', or say" in problem
    assert of_ports(instead) == []
    assert of_ports(entry, public=True) == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("${BIND:-127.0.0.1}:${PORT}:80", None),
        ("127.0.0.1:${PORT}:80", None),
        ("${LOOPBACK}:${PORT:?is missing}:80", None),
        ("${EMPTY:-127.0.0.1}:80:80", None),
        ("${ALL}", None),
        ("{target: 80, published: '${PORT}', host_ip: '${BIND-127.0.0.1}'}", None),
        (
            "${OPEN:-127.0.0.1}:${PORT}:80",
            "'${OPEN:-127.0.0.1}:${PORT}:80', which is '0.0.0.0:8080:80', is open to everyone, past the "
            "firewall too: write '127.0.0.1:${PORT}:80'",
        ),
        (
            "${EMPTY-127.0.0.1}:${PORT}:80",
            "'${EMPTY-127.0.0.1}:${PORT}:80', which is ':8080:80', is open to everyone, past the firewall "
            "too: write '127.0.0.1:${PORT}:80'",
        ),
        (
            "${OPEN}:8080:80/udp",
            "'${OPEN}:8080:80/udp', which is '0.0.0.0:8080:80/udp', is open to everyone, past the firewall "
            "too: write '127.0.0.1:8080:80/udp'",
        ),
        (  # goauthentik/authentik publishes it so
            "${COMPOSE_PORT_HTTP:-9000}:9000",
            "'${COMPOSE_PORT_HTTP:-9000}:9000', which is '9000:9000', is open to everyone, past the firewall "
            "too: write '127.0.0.1:${COMPOSE_PORT_HTTP:-9000}:9000'",
        ),
        (
            "${PORT}",
            "'${PORT}', which is '8080', is open to everyone, past the firewall too: "
            "write '127.0.0.1:${PORT}:${PORT}'",
        ),
        (
            "${BOTH}:80",
            "'${BOTH}:80', which is '0.0.0.0:8080:80', is open to everyone, past the firewall too: "
            "write '127.0.0.1:8080:80'",
        ),
        (
            "${HUSH}:8080:80",
            "'${HUSH}:8080:80' is on an address that only the server knows: write '127.0.0.1:8080:80'",
        ),
        (
            "${HUSH}",
            "'${HUSH}' is open to everyone, past the firewall too: write '127.0.0.1:${HUSH}:${HUSH}'",
        ),
    ],
)
def test_ports_are_judged_with_the_values_of_sites_yaml(entry: str, said: str | None) -> None:
    values = {
        "PORT": "8080",
        "LOOPBACK": "127.0.0.1",
        "EMPTY": "",
        "OPEN": "0.0.0.0",
        "BOTH": "0.0.0.0:8080",
        "ALL": "127.0.0.1:8080:80",
        "HUSH": None,
    }
    text = entry if entry.startswith("{") else f'"{entry}"'
    found = [problem.partition("ports: ")[2] for problem in of_ports(text, **values)]
    assert found == ([f"{said}, or say public: true in sites.yaml"] if said else [])
    if said and "write '" in said:
        assert of_ports(f'"{said.rpartition("write ")[2][1:-1]}"', **values) == []


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("my.app", "myapp"),
        ("My-App", "my-app"),
        ("_.x y", "xy"),
        ("${STACK}", "shop"),
        ("${STACK}-${WHERE:-here}", "shop-here"),
    ],
)
def test_the_name_is_taken_as_compose_takes_it(name: str, taken: str) -> None:
    text = f"name: {name}\n{SERVICE}"
    assert problems(text, STACK="shop") == []
    assert compose_file.project(file(text, STACK="shop")) == taken


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("...", "'...'"), ("${HUSH}", "'${HUSH}'"), ("x-${HUSH}", "'x-${HUSH}'"), ("[a]", "a list")],
)
def test_a_name_that_is_none(name: str, wrong: str) -> None:
    (problem,) = problems(f"name: {name}\n{SERVICE}", HUSH=None)
    assert problem == f"/my.yml:1:7: name: {wrong} is no name for Docker Compose: write a-z, 0-9, - and _"


def test_other_ways_to_be_open() -> None:
    text = (
        SERVICE
        + "    network_mode: host\nnetworks:\n  a: {driver: macvlan}\n  b: {external: true, name: host}\n"
    )
    found = problems(text)
    assert [problem.split(": ")[0] for problem in found] == ["/my.yml:4:19", "/my.yml:6:6", "/my.yml:7:6"]
    assert "network_mode: all its ports are open to everyone" in found[0]
    assert problems(text, public=True) == []
    assert problems(SERVICE + "    network_mode: ${MODE}\n", MODE="host")
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
        ("${KNOWN-$A} ${KNOWN-${B?}} ${C+${D:?}} ${KNOWN:-$E}", "BDE"),
        ("100% of $ and ${COMPOSE_PROJECT_NAME}", ""),
    ],
)
def test_variables_without_a_value(text: str, unknown: str) -> None:
    found = problems(
        SERVICE + f"    environment:\n      KEY: '{text}'\n    command: [ok, $KNOWN]\n",
        KNOWN="",
        COMPOSE_PROJECT_NAME=None,
    )
    assert found == [
        f"/my.yml:5:12: ${{{name}}} has no value: declare it in sites.yaml, under secrets or environment"
        for name in unknown
    ]


def test_comments_and_keys_are_no_values() -> None:
    assert problems(SERVICE + "    environment:\n      $A: x # ${B}\n# $C\n") == []


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
    found = compose_file.definition(LocalFile("my.yml", "/my.yml", b"a: \xff\n"))
    (problem,) = compose_checks.problems(found, False)
    assert str(problem) == "/my.yml:1:4: this is not UTF-8 text"


def test_nginx_must_find_something_at_its_port() -> None:
    text = (
        SERVICE + "    ports: [127.0.0.1:8080-8082:80-82, {target: 1, published: 9000, host_ip: 127.0.0.1}]\n"
    )
    for port in (8080, 8082, 9000):
        assert compose_checks.port_problems(file(text), port) == []
    (problem,) = compose_checks.port_problems(file(text), 8083)
    assert str(problem).startswith("/my.yml:2:3: no service publishes 127.0.0.1:8083")
    text = SERVICE + "    ports: ['127.0.0.1:${P:-1}:80']\n"
    assert compose_checks.port_problems(file(text), 8083)
    assert compose_checks.port_problems(file(text, P="8083"), 8083) == []
    assert compose_checks.port_problems(file(text, P=None), 8083) == []
    assert compose_checks.port_problems(file(SERVICE + "    network_mode: host\n"), 8083) == []


def test_what_is_told_of_it() -> None:
    text = (
        "name: shop\nservices:\n  a: {image: x:1, privileged: true}\n  b: {build: ., image: y}\n"
        "  c: {image: x:1, volumes: ['/var/run/docker.sock:/s']}\n"
    )
    assert compose_file.project(file(text)) == "shop"
    assert compose_file.images(file(text)) == ("x:1",)
    assert compose_file.built(file(text))
    assert not compose_file.built(file(SERVICE))


DANGERS = {
    "privileged: True": "is privileged: whoever",
    "privileged: 'yes'": "is privileged: whoever",
    "privileged: ${ALL_OF_IT}": "is privileged: whoever",
    "build: {context: ., privileged: true}": "is privileged: whoever",
    "post_start: [{command: x, privileged: true}]": "is privileged: whoever",
    "volumes: ['/var/run/docker.sock:/s:ro']": "controls Docker: whoever",
    "volumes: [/var/run:/var/run:ro]": "controls Docker: whoever",
    "volumes: [/run/:/run]": "controls Docker: whoever",
    "volumes: [{type: bind, source: /var/run/, target: /r}]": "controls Docker: whoever",
    "use_api_socket: true": "controls Docker: whoever",
    "volumes: ['/:/host:ro,rslave']": "controls Docker: whoever",
    "volumes: ['${ROOT}:/host:ro']": "controls Docker: whoever",
    "volumes: [/etc:/etc]": "mounts /etc of the server: whoever breaks into it reads and changes",
    "volumes: [//etc/../root//:/r:ro]": "mounts /root of the server: whoever breaks into it reads what",
    "volumes: [///etc:/etc]": "mounts /etc of the server: whoever breaks into it reads and changes",
    "volumes: ['~:/r']": "mounts /root of the server: whoever breaks into it reads and changes",
    "volumes: [/proc:/host/proc]": "mounts /proc of the server: whoever breaks into it reads and changes",
    "pid: host": "sees all processes of the server (pid: host)",
    "cap_add: [NET_ADMIN, sys_admin]": "has the capability SYS_ADMIN: whoever",
    "cap_add: [CAP_SYS_MODULE]": "has the capability SYS_MODULE: whoever",
    "cap_add: [ALL]": "has the capability ALL: whoever",
    "devices: ['/dev/sda:/dev/xvda:rwm']": "has the device /dev/sda of the server: whoever",
    "devices: [{source: /dev/mem, target: /dev/mem}]": "has the device /dev/mem of the server: whoever",
}
HARMLESS = (
    "privileged: False",
    "privileged: 'no'",
    "volumes: ['./run:/run', 'data:/etc', /etc/localtime:/etc/localtime:ro, /srv/photos:/photos]",
    "volumes: [/proc:/host/proc:ro, /sys:/host/sys:ro]",
    "cap_add: [NET_ADMIN, CHOWN]",
    "cap_drop: [ALL]",
    "devices: [/dev/dri:/dev/dri, /dev/ttyUSB0]",
    "pid: service:web",
)


@pytest.mark.parametrize("text", [*DANGERS, *HARMLESS])
def test_what_gives_a_container_the_server_is_told(text: str) -> None:
    found = list(dangers(file(f"{SERVICE}    {text}\n", ALL_OF_IT="TRUE", ROOT="/")))
    if text in HARMLESS:
        assert found == []
    else:
        assert found[0].startswith(f"its service web {DANGERS[text]}")


@pytest.mark.parametrize("how", ["bind", "rbind", "noatime,bind"])
def test_a_volume_that_is_a_folder_of_the_server_is_told(how: str) -> None:
    text = SERVICE + f"volumes: {{all: {{driver_opts: {{type: none, o: '{how}', device: /}}}}}}\n"
    assert list(dangers(file(text))) == [
        "one of its volumes mounts / of the server: whoever breaks into it reads and changes what is there"
    ]


def test_the_names_of_volumes_are_those_of_docker() -> None:
    text = SERVICE + (
        "volumes: {a: , b: {name: own}, c: {external: true}, d: {external: {name: theirs}},"
        " e: {external: false}, f: {external: 'yes', name: given}, g: {external: no}}\n"
    )
    found = file(text)
    assert volumes.names(found, "p") == {
        "a": "p_a",
        "b": "own",
        "c": "c",
        "d": "theirs",
        "e": "p_e",
        "f": "given",
        "g": "p_g",
    }
    assert volumes.own(found) == ("a", "e", "g")
    assert sorted(volumes.of_any_name(found)) == ["c", "given", "own", "theirs"]


def test_what_is_the_same_whatever_the_project_is_called() -> None:
    binds = "/srv/db:/db, /srv/read:/r:ro, ./own:/o, data:/d, /var/run/docker.sock:/s, /srv:/all, /etc/a:/a"
    text = SERVICE + f"    volumes: [{binds}]\nvolumes: {{data: }}\n"
    assert [*volumes.of_any_name(file(text))] == ["/srv/db"]


# What compose-go 2.0 (that of Compose 2.26) makes of it, and 2.16 too.
@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("${NONE:-{}}", "{}"),
        ("${NONE:-{}", "{"),
        ("${A:-{}} and ${A}", None),
        ('${NONE:-{"a":{}}}', '{"a":{}}'),
        ("${NONE:-$${A}$A", "${A8080"),
        ("${NONE:-{}}\n}\n", "{}\n}\n"),
        ("${NONE:-{}} }", "{}} "),
        ("${NONE:-\n}", None),
        ("${A:-${NONE:-x}\n}", None),
        ("${A", None),
        ("${}", None),
    ],
)
def test_where_a_variable_in_braces_ends(text: str, made: str | None) -> None:
    interpolation = Interpolation({"A": "8080"})
    given = interpolation.of(text)
    assert (None if interpolation.problems else given) == made


@given(st.text("0123456789:.-[]/${}abtcpud ", max_size=24))
def test_no_text_is_taken_for_local_that_is_not(text: str) -> None:
    entry = ports.short(Node(1, 1, Plain(text)))
    assert entry.local == text.startswith(("127.", "[::1]:", "::1:")) or not entry.local
    assert not entry.local or entry.address in text


def test_the_example_is_fine() -> None:
    for path in Path(__file__).parents[2].glob("examples/links/*.yml"):
        local = LocalFile(path.name, str(path), path.read_bytes())
        given = (("ADMIN", None), ("DB_PASSWORD", None), ("PASSWORD", None))
        assert compose_checks.problems(compose_file.definition(local, given), False) == []
