"""Services in sites.yaml: with and without a domain, what belongs together, and what cannot be."""

from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.errors import ConfigError, UsageError
from deployer.planning.desired import desired_files
from deployer.seen.facts import Facts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "my.yml").write_text("services: {web: {image: x, ports: ['127.0.0.1:8080:80']}}\n")
    (tmp_path / "own.yml").write_text("name: own\nservices: {web: {image: x, ports: ['127.0.0.1:81:80']}}\n")
    (tmp_path / "open.yml").write_text("services:\n  web:\n    image: x\n    ports: [82:80, 82:80/udp]\n")
    return tmp_path / "sites.yaml"


def problems(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    return [str(problem).replace(f"{file.parent}/", "") for problem in caught.value.problems]


def test_the_name_of_a_service_is_its_kind_unless_it_says_otherwise(file: Path) -> None:
    file.write_text(
        "services:\n  watchtower:\n  second: {kind: watchtower, at: '05:00'}\n"
        "  mine: {kind: compose, file: my.yml}\n"
    )
    services = load(file).services
    assert {name: service.kind for name, service in services.items()} == {
        "watchtower": "watchtower",
        "second": "watchtower",
        "mine": "compose",
    }
    assert services["second"].schedule == "0 0 5 * * *"
    assert services["mine"].file.content == (file.parent / "my.yml").read_bytes()


def test_what_needs_a_domain_and_what_has_none(file: Path) -> None:
    text = """\
sites:
  a.example.org: {kind: watchtower}
  b.example.org: {kind: gitea-runer}
services:
  ntfy: {}
  blog: {kind: hugo}
  thing: {kind: comppose}
  other: {}
  watchtwer: {}
  vpn: {kind: wireguard, host: vps.example.org, aliases: [x.example.org]}
  a.b: {kind: watchtower}
"""
    assert [problem.split(" ", 1)[1].split(", kinds are")[0] for problem in problems(file, text)] == [
        "sites.a.example.org.kind: 'watchtower' has no domain: write it under services",
        "sites.b.example.org.kind: unknown kind 'gitea-runer' (did you mean 'gitea'?)",
        "services.ntfy.kind: 'ntfy' needs a domain: write it under sites",
        "services.blog.kind: 'hugo' needs a domain: write it under sites",
        "services.thing.kind: unknown kind 'comppose' (did you mean 'compose'?)",
        "services.other: 'kind' is missing (one of compose, gitea-runner, watchtower, wireguard)",
        "services.watchtwer: 'kind' is missing (did you mean 'watchtower'?)",
        "services.vpn: unknown key 'aliases' "
        "(known here: kind, wait, watch, backup, directory, project, tag, memory, environment, "
        "port, vpn_port, host)",
        "services: 'a.b' is not a name for a service: a-z, 0-9 and - (a domain goes under sites)",
    ]


def test_a_port_belongs_to_one_of_all(file: Path) -> None:
    text = """\
sites:
  a.example.org: {kind: searxng, port: 8080}
  b.example.org: {kind: umami, port: 81}
  c.example.org: {kind: wireguard, port: 53}
services:
  mine: {kind: compose, file: my.yml}
  own: {kind: compose, file: own.yml}
  vpn: {kind: wireguard, host: vps.example.org, port: 5353}
  open: {kind: compose, file: open.yml, public: true}
  free: {kind: wireguard, host: vps.example.org, vpn_port: 82}
"""
    assert problems(file, text) == [
        "sites.yaml:6:31: services.mine.file: port 8080 is already used by 'a.example.org' "
        '(publish: {NUMBER: "SERVICE:PORT"} in sites.yaml gives it another)',
        "sites.yaml:7:30: services.own.file: port 81 is already used by 'b.example.org' "
        '(publish: {NUMBER: "SERVICE:PORT"} in sites.yaml gives it another)',
        "sites.yaml:8:3: services.vpn.vpn_port: port 51820/udp is already used by 'c.example.org'",
        "sites.yaml:10:60: services.free.vpn_port: port 82/udp is already used by 'open'",
    ]


def test_docker_compose_knows_each_by_another_name(file: Path) -> None:
    text = """\
sites:
  a-b.example.org: {kind: ntfy}
  a.b.example.org: {kind: ntfy, port: 1}
services:
  own: {kind: watchtower}
  mine: {kind: compose, file: own.yml}
"""
    assert problems(file, text) == [
        "sites.yaml:3:20: sites.a.b.example.org: Docker Compose would call it 'a-b-example-org', "
        "as it calls 'a-b.example.org': write another `project:`",
        "sites.yaml:6:9: services.mine: Docker Compose would call it 'own', as it calls 'own': "
        "write another `name:` into its file",
    ]


def test_a_compose_file_keeps_the_name_that_docker_compose_gives_it(file: Path) -> None:
    file.write_text(
        "sites:\n  a-b.example.org: {kind: compose, file: my.yml, port: 8080}\n"
        "services: {own: {kind: compose, file: own.yml}}\n"
    )
    names = {name: entry.project(name) for name, entry in load(file).compositions.items()}
    assert names == {"a-b.example.org": "a-bexampleorg", "own": "own"}


def test_mistakes_in_a_compose_file_have_its_lines(file: Path) -> None:
    text = """\
sites:
  a.example.org: {kind: compose, file: open.yml, port: 82, secrets: {PATH: generate, B: no, USER: env:A}}
  b.example.org: {kind: compose, file: my.yml, port: 1}
  c.example.org: {kind: compose, file: gone.yml, port: 2}
  d.example.org: {kind: compose, file: my.yml, port: 8080, files: [my.yml, ../x, .env, gone, ./compose.yml]}
services:
  open: {kind: compose, file: open.yml, public: [82, 83]}
"""
    folder = file.parent
    assert problems(file, text) == [
        "my.yml:1:11: no service publishes 127.0.0.1:1, where sites.yaml says that NGINX finds it",
        "open.yml:2:3: no service opens port 83 to everyone: leave it out under public: in sites.yaml",
        "sites.yaml:2:70: sites.a.example.org.secrets: PATH is set by deploy itself: choose another name",
        "sites.yaml:2:89: sites.a.example.org.secrets.B: expected generate, env:NAME or gpg:FILE, "
        "age:FILE, cmd:COMMAND: a secret itself does not belong in sites.yaml",
        "sites.yaml:2:93: sites.a.example.org.secrets: Docker Compose takes USER from the session of who "
        "calls it: choose another name",
        "sites.yaml:4:40: sites.c.example.org.file: gone.yml cannot be read: No such file or directory",
        "sites.yaml:5:76: sites.d.example.org.files: '../x' is not a plain path "
        "below the compose file's folder",
        "sites.yaml:5:82: sites.d.example.org.files: .env is written by deploy itself",
        "sites.yaml:5:88: sites.d.example.org.files: gone cannot be read: No such file or directory",
        "sites.yaml:5:94: sites.d.example.org.files: Docker Compose would read compose.yml "
        "too: write what it says into the compose file",
    ]
    assert folder.is_dir()


def test_a_second_domain_leads_to_another_port_of_the_containers(file: Path) -> None:
    (file.parent / "two.yml").write_text(
        "services: {web: {image: x, ports: ['127.0.0.1:9000:1', '127.0.0.1:9001:2']}}"
    )
    two = "store.example.org: {kind: compose, file: two.yml, port: 9000}"
    proxy = "console.example.org: {kind: proxy, port: 9001}"
    for order in ((two, proxy), (proxy, two)):
        file.write_text("sites:\n  {}\n  {}\n".format(*order))
        assert len(load(file).sites) == 2
    file.write_text(f"sites: {{{proxy}}}\nservices: {{store: {{kind: compose, file: two.yml}}}}\n")
    assert len(load(file).everything) == 2
    found = problems(file, f"sites:\n  {two}\n  {proxy}\n  b.example.org: {{kind: proxy, port: 9001}}\n")
    (problem,) = found
    assert "sites.b.example.org.port: port 9001 is already used by 'console.example.org'" in problem
    for wrong in (
        f"sites:\n  {two}\n  b.example.org: {{kind: proxy, port: 9000}}\n",
        f"sites:\n  {two}\n  {proxy}\n  b.example.org: {{kind: compose, file: two.yml, port: 9001}}\n",
    ):
        assert any("is already used by 'store.example.org'" in problem for problem in problems(file, wrong))


def test_files_are_found_beside_the_compose_file(file: Path) -> None:
    folder = file.parent / "shop"
    (folder / "conf").mkdir(parents=True)
    (folder / "compose.yml").write_text("services: {a: {image: x}}\n")
    (folder / "conf" / "a.ini").write_bytes(b"\x00\xff")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    file.write_text("services: {shop: {kind: compose, file: shop/compose.yml, files: [conf/a.ini, run]}}\n")
    shop = load(file).services["shop"]
    files = shop.files("shop", None)
    assert {path: (found.content, found.mode) for path, found in files.items()} == {
        "/opt/shop/docker-compose.yml": (b"services: {a: {image: x}}\n", 0o644),
        "/opt/shop/conf/a.ini": (b"\x00\xff", 0o644),
        "/opt/shop/run": (b"#!/bin/sh\n", 0o755),
    }


def test_values_of_single_services(file: Path) -> None:
    text = """\
updates: {at: 4:00, cooldown: 3}
docker: {packages: debian}
services:
  a: {kind: gitea-runner, instance: "http://localhost:3000", token: generate}
  b: {kind: gitea-runner, instance: "https://git.example.org", token: secret, labels: ["a b"]}
"""
    assert [problem.split(" ", 1)[1] for problem in problems(file, text)] == [
        "updates.at: expected a time of day such as 04:00, not '4:00'",
        "updates.cooldown: expected a duration such as 90s, 10m, 2h or 7d, not '3'",
        "docker.packages: expected 'distribution' or 'docker.com', not 'debian'",
        "services.a.instance: jobs run in containers, which do not reach it there: write its public address",
        "services.a.token: Gitea makes this token: hand it over as env:NAME or gpg:FILE",
        "services.b.token: expected generate, env:NAME or gpg:FILE, "
        "age:FILE, cmd:COMMAND: a secret itself does not belong in sites.yaml",
        "services.b.labels: 'a b' is not a label such as name:docker://image:tag or name:host",
    ]


def test_a_runner_has_a_token_or_a_gitea_beside_it(file: Path) -> None:
    text = """\
sites:
  git.example.org: {kind: gitea, version: 1.26.0, email: me@example.org, sha256: %s}
  forge.example.org: {kind: proxy, port: 3001}
services:
  a: {kind: gitea-runner, instance: "https://git.example.org/"}
  b: {kind: gitea-runner, instance: "https://forge.example.org"}
"""
    assert [problem.split(" ", 1)[1] for problem in problems(file, text % ("a" * 64))] == [
        "services.b.instance: no site of kind gitea here is forge.example.org: "
        "hand its token over as env:NAME"
    ]


def test_select_knows_sites_and_services(file: Path) -> None:
    file.write_text("sites: {a.example.org: {kind: proxy, port: 1}}\nservices: {watchtower: {}}\n")
    config = load(file)
    assert list(config.select()) == ["a.example.org", "watchtower"]
    assert list(config.select(["watchtower"])) == ["watchtower"]
    assert list(config.compositions) == ["watchtower"]
    with pytest.raises(
        UsageError, match=r"^no site or service 'watchtowr' in sites.yaml \(did you mean 'watch"
    ):
        config.select(["watchtowr"])


def test_a_folder_and_a_project_that_are_there_already(file: Path) -> None:
    (file.parent / "plain.yml").write_text("services: {a: {image: a}}\n")
    file.write_text(
        """\
sites:
  chat.example.org: {kind: ntfy, directory: /opt/ntfy}
  paper.example.org:
    {kind: compose, file: my.yml, port: 8080, https: false, directory: /opt/stacks/paper, project: docs}
services:
  worker: {kind: compose, file: plain.yml, directory: /opt/Worker.1}
"""
    )
    config = load(file)
    there = {name: (each.folder(name), each.project(name)) for name, each in config.compositions.items()}
    assert there == {
        "chat.example.org": ("/opt/ntfy", "ntfy"),
        "paper.example.org": ("/opt/stacks/paper", "docs"),
        "worker": ("/opt/Worker.1", "worker1"),
    }
    files = desired_files(config, Facts("debian", "13")).files
    assert "/opt/Worker.1/docker-compose.yml" in files
    assert "DIRECTORY=/opt/Worker.1\n" in files["/etc/deploy/sites/worker.conf"].content.decode()
    # what a restore takes from sites.yaml and not from an archive
    assert (
        "GIVEN=COMPOSE_PROJECT_NAME\n" in files["/etc/deploy/sites/paper.example.org.conf"].content.decode()
    )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("directory: /home/me/ntfy", "'/home/me/ntfy' is not a folder below /opt, such as /opt/ntfy"),
        ("directory: /opt", "'/opt' is not a folder below /opt, such as /opt/ntfy"),
        ("directory: /opt/../etc", "'/opt/../etc' is not a folder below /opt, such as /opt/ntfy"),
        ("directory: /opt/hugo/x", "/opt/hugo/x belongs to something else: choose another folder"),
        ("directory: /opt/other/in", "/opt/other is the folder of 'other'"),
        ("directory: /opt/other", "/opt/other is the folder of 'other'"),
        ("project: Paper", "'Paper' is not the name of a Compose project: a-z, 0-9, _ and -"),
    ],
)
def test_folders_and_projects_that_are_refused(file: Path, keys: str, message: str) -> None:
    (file.parent / "plain.yml").write_text("services: {a: {image: a}}\n")
    other = "other: {kind: compose, file: plain.yml, project: second}"
    text = f"services:\n  {other}\n  one: {{kind: compose, file: plain.yml, {keys}}}\n"
    assert message in "\n".join(problems(file, text))


def test_a_compose_file_that_calls_itself_otherwise_than_sites_yaml(file: Path) -> None:
    (file.parent / "plain.yml").write_text("name: own\nservices: {a: {image: a}}\n")
    text = "services:\n  one: {kind: compose, file: plain.yml, project: paper}\n"
    assert problems(file, text) == [
        "plain.yml:1:7: sites.yaml says project: paper, and this file another name: leave one of them out"
    ]


def test_a_second_port_of_an_application_is_nobody_elses(file: Path) -> None:
    app = "kind: app, repository: https://git.example.org/a.git"
    text = f"""\
sites:
  a.example.org: {{{app}, port: 3000}}
  b.example.org: {{{app}, port: 23000, replace: stop-first}}
  c.example.org: {{{app}, port: 3001, replace: stop-first}}
"""
    assert problems(file, text) == [
        "sites.yaml:3:79: sites.b.example.org.port: port 23000 is already used by 'a.example.org' "
        "(a push of a.example.org starts its next container there; replace: stop-first does not)"
    ]


def test_an_application_keeps_its_port_where_another_has_it_on_the_server(file: Path) -> None:
    """Most listen on 3000, or 80: what can change is where NGINX finds them."""
    app = "kind: app, repository: https://git.example.org/a.git"
    text = f"""\
sites:
  a.example.org: {{{app}, port: 3000}}
  b.example.org: {{{app}, port: 3000}}
  c.example.org: {{{app}, port: 80}}
  d.example.org: {{{app}, port: 3000, published: 443}}
  e.example.org: {{{app}, port: 3000, published: 3001}}
  f.example.org: {{kind: proxy, port: 3000}}
"""
    assert problems(file, text) == [
        "sites.yaml:3:79: sites.b.example.org.port: port 3000 is already used by 'a.example.org' "
        "(published: is another one on the server, and its container keeps 3000)",
        "sites.yaml:4:79: sites.c.example.org.port: port 80 is that of NGINX itself "
        "(published: is another one on the server, and its container keeps 80)",
        "sites.yaml:5:96: sites.d.example.org.published: port 443 is that of NGINX itself: name another one",
        "sites.yaml:7:38: sites.f.example.org.port: port 3000 is already used by 'a.example.org' "
        "(for a second name: aliases)",
    ]


def test_a_stack_of_a_repository_opens_no_port_that_is_not_named(file: Path) -> None:
    stack = "{kind: compose, repository: https://git.example.org/a.git, port: 3000, public: %s}"
    text = f"sites:\n  a.example.org: {stack}\n  b.example.org: {stack.replace('3000', '3001')}\n"
    assert problems(file, text % ("true", "[222]"))[0].endswith(
        "public: true would open whatever a commit publishes: name the ports, such as [2222]"
    )
    first = text % ("[222], replace: start-first", "[222]")
    assert 'which service is at its port: publish: {3000: "SERVICE:PORT"}' in problems(file, first)[0]
    said = problems(file, text % ("[222]", "[222]"))[0]
    assert "port 222 is already used by 'a.example.org'" in said


def test_a_key_of_the_other_form_of_a_kind_is_told_so(file: Path) -> None:
    text = """\
sites:
  a.example.org: {kind: compose, repository: https://git.example.org/a.git, port: 3000, secret_files: {a: B}}
  b.example.org: {kind: compose, file: my.yml, port: 8080, branch: main, unheard_of: 1}
"""
    said = [problem.partition(" ")[2] for problem in problems(file, text)]
    assert said[0] == "sites.a.example.org: 'secret_files' is only for kind: compose without repository:"
    assert said[1] == "sites.b.example.org: 'branch' is only for kind: compose with repository:"
    assert "unknown key 'unheard_of'" in said[2]
