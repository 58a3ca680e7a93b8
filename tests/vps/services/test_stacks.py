"""A compose file as its project publishes it, with what is laid over it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.conftest import (
    HEALTHY,
    REGISTRY,
    SERVE,
    booted_with_builder,
    environment_of,
    registry_of,
)
from vps.visitors import Visitors

UPSTREAM = """name: shop
services:
  web:
    image: {image}
    command: ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]
    ports:
      - ${{EXPOSE_PORT-:8191:80}}
      - "8192:80"
    environment: [WHOSE=theirs, KEPT=yes]
    volumes: ["./data:/data"]
    stop_signal: SIGKILL
"""
OVER = """services:
  web:
    environment: {WHOSE: ours}
    ports: !override ["8191:80", "8192:80"]
"""


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """A server with Docker, a registry and Git."""
    with booted_with_builder() as machine:
        yield machine


@pytest.fixture
def project(vps: Machine, tmp_path: Path) -> Project:
    registry_of(vps).push("shop", SERVE, {"Healthcheck": HEALTHY}, "well")
    (tmp_path / "upstream").mkdir()
    (tmp_path / "upstream/docker-compose.yml").write_text(UPSTREAM.format(image=f"{REGISTRY}/shop:1"))
    (tmp_path / "ours.yml").write_text(OVER)
    service = {"kind": "compose", "file": "upstream/docker-compose.yml", "port": 8191, "public": [8192]}
    service |= {"override": "ours.yml", "https": False, "wait": "60s", "watch": "0"}
    return Project(tmp_path, vps, None, {"shop.test": service})


def test_a_published_compose_file_stays_as_it_came(project: Project) -> None:
    vps = project.vps
    plan = project.deploy("plan").stdout
    assert "its service web publishes '8191:80' to everyone: docker-compose.deploy.yml binds it" in plan
    assert '    +      - "127.0.0.1:8191:80"\n' in plan
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("shop.test", scheme="http") == (200, "well\n")
    listening = vps.run("ss --no-header --listening --tcp --numeric | awk '{ print $4 }'").stdout.split()
    assert [each for each in listening if each.endswith(":8191")] == ["127.0.0.1:8191"]
    assert "0.0.0.0:8192" in listening
    assert {"WHOSE=ours", "KEPT=yes"} <= {*environment_of(vps, "shop-web-1")}
    here = (project.folder / "upstream/docker-compose.yml").read_text()
    assert vps.run("cat /opt/shop.test/docker-compose.upstream.yml").stdout == here
    by_hand = vps.run(
        "cd /opt/shop.test && docker compose ps --format '{{.Name}}' && docker compose config -q"
    )
    assert (by_hand.stdout, by_hand.stderr) == ("shop-web-1\n", "")
    assert vps.run("test -d /opt/shop.test/data", check=False).returncode == 0
    assert project.plan()["empty"]
    assert project.deploy("push", "shop.test").returncode == 0

    (project.folder / "ours.yml").write_text(
        OVER.replace("web:", "web:\n    command: ['/bin/busybox', 'false']")
    )
    failed = project.apply()
    assert failed.returncode == 1
    assert "shop.test goes back to what it was" in failed.stderr
    assert project.get("shop.test", scheme="http") == (200, "well\n")
    assert vps.run("cat /opt/shop.test/docker-compose.override-1.yml").stdout == OVER

    del project.sites["shop.test"]["override"]
    assert project.apply().returncode == 0
    assert "WHOSE=theirs" in environment_of(vps, "shop-web-1")
    assert vps.run("ls /opt/shop.test").stdout.split() == [
        "data",
        "docker-compose.deploy.yml",
        "docker-compose.upstream.yml",
        "docker-compose.yml",
    ]


QUIET = """services:
  web:
    image: {image}
    command: ["/bin/busybox", "sh", "-c", "echo ${{PAGE}} > /www/index.html; exec httpd -f -p 80 -h /www"]
    user: "1234"
    environment: [WORD]
    volumes: ["./data:/www"]
    stop_signal: SIGKILL
  more: {{image: "{image}", profiles: [extra], command: ["/bin/busybox", "sleep", "1000"], stop_signal: SIGKILL, healthcheck: {{disable: true}}}}
"""


def other_ports(
    project: Project, name: str, good: dict[str, Any], page: str, bad: dict[int, str], **more: Any
) -> None:
    """No visitor is turned away while it is found at another port, nor by one where nothing good comes up."""
    site = project.sites[name]
    site |= good
    with Visitors(project.vps.address, [name]) as visitors:
        moved = project.apply()
        project.sites[name] = site | {"port": min(bad), "publish": bad} | more
        failed = project.apply()
    assert moved.returncode == 0, moved.stdout + moved.stderr
    assert f"{name} goes back to what it was" in failed.stdout + failed.stderr
    assert (visitors.seen, visitors.failed) == ({name: [page]}, {name: 0})
    project.sites[name] = site
    assert project.plan()["empty"]


FILE_SECRET = """services:
  web: {secrets: [{source: word, target: word, mode: 0440}]}
secrets: {word: {environment: WORD}}
"""


def test_the_env_of_a_stack_and_a_service_that_publishes_nothing(project: Project) -> None:
    vps, folder = project.vps, project.folder
    (folder / "upstream/compose.yml").write_text(QUIET.format(image=f"{REGISTRY}/shop:1"))
    (folder / "upstream/.env").write_text("PAGE=theirs\nWORD=hush-hush\nCOMPOSE_PROJECT_NAME=quiet\n")
    (folder / "ours.yml").write_text(FILE_SECRET)
    service = {"kind": "compose", "file": "upstream/compose.yml", "env_file": "upstream/.env", "port": 8195}
    service |= {"publish": {8195: "web:80"}, "folders": {"data": 1234}, "environment": {"PAGE": "ours"}}
    service |= {"profiles": ["extra"], "override": "ours.yml", "https": False, "wait": "60s", "watch": "0"}
    project.sites = {"quiet.test": service}
    plan = project.deploy("plan").stdout
    assert "+ secret WORD in /opt/quiet.test/.env (from upstream/.env)" in plan
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "hush-hush" not in plan + applied.stdout + applied.stderr
    assert project.get("quiet.test", scheme="http") == (200, "ours\n")
    assert vps.run("stat -c '%a %u %g' /opt/quiet.test/data").stdout == "750 1234 1234\n"
    assert "WORD=hush-hush" in environment_of(vps, "quiet-web-1")
    names = vps.run("cd /opt/quiet.test && docker compose ps --format '{{.Service}}'").stdout
    assert names.split() == ["more", "web"]
    held = vps.run(
        "docker cp quiet-web-1:/run/secrets/word - | tar -xO && docker cp quiet-web-1:/run/secrets/word - | tar -tv"
    ).stdout
    assert held.startswith("hush-hush-r--r-----")
    assert project.plan()["empty"]

    (folder / "upstream/.env").write_text("WORD=other\nCOMPOSE_PROJECT_NAME=quiet\n")
    assert project.apply().returncode == 0
    assert "WORD=other" in environment_of(vps, "quiet-web-1")
    good = {"port": 8193, "publish": {8193: "web:80"}}
    other_ports(project, "quiet.test", good, "ours", {8194: "web:80"}, environment={"PAGE": "none; exit 3 #"})
    (folder / "upstream/compose.yml").write_text(
        QUIET.format(image=f"{REGISTRY}/shop:1").replace("    environment: [WORD]\n", "")
    )
    (folder / "upstream/.env").write_text("COMPOSE_PROJECT_NAME=quiet\n")
    del service["override"]
    gone = project.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert "WORD" not in vps.run("cat /opt/quiet.test/.env").stdout
    assert project.plan()["empty"]


OWNED = """services:
  web:
    image: {image}
    command: ["/bin/busybox", "sh", "-c", "cat /run/secrets/word /etc/own.ini > /www/index.html; exec httpd -f -p 80 -h /www"]
    user: "1234:1234"
    volumes: ["./data:/www", "./own.ini:/etc/own.ini:ro", "./data/conf/deep.ini:/etc/deep.ini:ro"]
    secrets: [word]
    stop_signal: SIGKILL
secrets: {{word: {{file: ./secrets/word.txt}}}}
"""


def test_files_are_whose_they_shall_be_and_no_link_of_a_container_is_followed(project: Project) -> None:
    vps, folder = project.vps, project.folder
    (folder / "upstream/compose.yml").write_text(OWNED.format(image=f"{REGISTRY}/shop:1"))
    (folder / "upstream/own.ini").write_text("own\n")
    (folder / "upstream/data/conf").mkdir(parents=True)
    (folder / "upstream/data/conf/deep.ini").write_text("deep\n")
    service = {"kind": "compose", "file": "upstream/compose.yml", "port": 8196, "publish": {8196: "web:80"}}
    service |= {"folders": {"data": 1234}, "environment": {"WORD": "first"}}
    service |= {"files": {"own.ini": "1234 0400", "data/conf/deep.ini": 1234}, "https": False}
    service |= {"secret_files": {"secrets/word.txt": "WORD 1234 0400"}, "wait": "60s", "watch": "0"}
    project.sites = {"owned.test": service}
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("owned.test", scheme="http") == (200, "firstown\n")
    of = "stat -c '%a %u %g' /opt/owned.test/own.ini /opt/owned.test/secrets/word.txt /opt/owned.test/data/conf/deep.ini"
    assert vps.run(of).stdout.splitlines() == ["400 1234 1234", "400 1234 1234", "440 1234 1234"]
    assert project.plan()["empty"]

    service["environment"] = {"WORD": "second"}
    (folder / "upstream/own.ini").write_text("other\n")
    assert project.apply().returncode == 0
    assert project.get("owned.test", scheme="http") == (200, "secondother\n")
    vps.run("chown 0 /opt/owned.test/own.ini")
    assert "owner root:1234 → 1234:1234" in project.deploy("plan").stdout
    assert project.apply().returncode == 0

    vps.run("cd /opt/owned.test/data && rm -r conf && mkdir /etc/theirs && ln -s /etc/theirs conf")
    (folder / "upstream/data/conf/deep.ini").write_text("new\n")
    refused = project.apply()
    assert refused.returncode == 1
    link = "/opt/owned.test/data/conf is a link, which a container may have made: take it away"
    assert link in refused.stdout + refused.stderr
    assert vps.run("ls /etc/theirs").stdout == ""
    assert project.get("owned.test", scheme="http") == (200, "secondother\n")

    vps.run("cd /opt/owned.test/data && rm conf && ln -s /etc/theirs more && chown root .")
    service["folders"] = {"data/more/own": 1234}
    refused = project.apply()
    assert refused.returncode == 1
    assert link.replace("conf", "more") in refused.stdout + refused.stderr
    assert vps.run("ls /etc/theirs").stdout == ""

    vps.run("cd /opt/owned.test/data && rm more && chown 1234 .")
    del service["secret_files"]
    (folder / "upstream/compose.yml").write_text(
        OWNED.replace("secrets: [word]", "tmpfs: [/run/secrets]")
        .replace("cat /run/secrets/word ", "cat ")
        .partition("secrets: {{")[0]
        .format(image=f"{REGISTRY}/shop:1")
    )
    gone = project.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert project.get("owned.test", scheme="http") == (200, "other\n")
    assert vps.run("ls /opt/owned.test/secrets").stdout == ""
    assert vps.run("stat -c '%a %u %g' /opt/owned.test/data/more{,/own}").stdout == "755 0 0\n750 1234 1234\n"


BUSYBOX = "/bin/busybox"
PUSHED = """services:
  web:
    image: {image}
    container_name: shop
    command: ["/bin/busybox", "sh", "-c", "cat /page.html /run/kept > /data/index.html; env > /data/env; exec httpd -f -p 80 -h /data"]
    environment: ["URL=x://a:${{WORD}}@db"]
    env_file: more.env
    ports: ["8197:80", "2222:22"]
    volumes: ["./page.html:/page.html", "./data:/data"]
    configs: [{{source: kept, target: /run/kept}}]
    stop_signal: SIGKILL
configs: {{kept: {{file: ./kept}}}}
"""
KILLED = (
    "until [ -e /srv/deploy/pushed.test/images/former ]; do sleep 0.02; done;"
    " kill -KILL $(pgrep -f '^/bin/bash .*/compose-push pushed.test')"
)
REPLACE = "/usr/local/lib/deploy/lib/composition/replace"
KILLED_WHEN_ACCEPTED = f"sed -i.kept '/accepted\"$/a kill -9 $$' {REPLACE}"
STOLEN = """services:
  web:
    image: any
    privileged: true
    network_mode: host
    volumes: ["/:/host", "/var/run/docker.sock:/var/run/docker.sock", "./.env:/own"]
"""


@pytest.fixture
def pushed(vps: Machine, tmp_path: Path) -> Project:
    """A user's folder with a repository that has a compose file in it."""
    image = registry_of(vps).push("shop", SERVE, {"Healthcheck": HEALTHY}, "well") and f"{REGISTRY}/shop:1"
    site = {"kind": "compose", "repository": "stack", "file": "deploy/compose.yaml", "port": 8197}
    site |= {"secrets": {"WORD": "generate"}, "environment": {"MORE": "given"}, "https": False}
    one = Project(tmp_path, vps, None, {"pushed.test": site | {"wait": "60s", "watch": "0"}})
    files = {"compose.yaml": PUSHED.format(image=image), "page.html": "one\n", "kept": "kept\n"}
    files |= {"more.env": "MINE=${MORE}\n"}
    one.repository("stack", {f"deploy/{path}": text for path, text in files.items()})
    return one


def test_a_stack_is_pushed_from_its_repository(pushed: Project) -> None:
    vps, domain = pushed.vps, "pushed.test"

    def push(code: int = 0, *more: str) -> str:
        done = pushed.deploy("push", domain, "--yes", *more)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def page() -> str:
        return pushed.get(domain, scheme="http")[1]

    def definition() -> str:
        return vps.run("cat /opt/pushed.test/docker-compose.yml").stdout

    applied = pushed.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "pushed.test waits for its first push: deploy push pushed.test" in applied.stdout + applied.stderr
    assert pushed.plan()["empty"]

    said = push()
    assert "its service web publishes 2222: left out" in said
    assert "its service web mounts page.html, which is the repository's: it can only read there" in said
    assert (page(), pushed.plan()["empty"]) == ("one\nkept\n", True)
    listening = vps.run("ss --no-header --listening --tcp --numeric | awk '{ print $4 }'").stdout.split()
    assert [each for each in listening if each.endswith((":8197", ":2222"))] == ["127.0.0.1:8197"]
    word = vps.run("/usr/local/lib/deploy/bin/secret pushed.test WORD").stdout.strip()
    variables = environment_of(vps, "pushed-test-web-1")
    assert f"URL=x://a:{word}@db" in variables
    assert "MINE=given" in variables
    assert (word in definition(), "x://a:${WORD}@db" in definition()) == (False, True)
    assert vps.run("stat -c %a /opt/pushed.test/repository").stdout == "700\n"
    by_hand = vps.run(
        "cd /opt/pushed.test && docker compose ps --format '{{.Name}}' && docker compose config -q"
    )
    assert (by_hand.stdout, by_hand.stderr) == ("pushed-test-web-1\n", "")
    assert "is already up to date" in push()

    first = definition()
    pushed.commit("stack", {"deploy/page.html": "killed\n"})
    killed = pushed.deploy("push", domain, "--yes", meanwhile=lambda _: vps.run(KILLED))
    assert killed.returncode != 0
    restarted = pushed.deploy("restart", domain)
    assert "was killed: cleaning up after it" in restarted.stdout + restarted.stderr
    assert (page(), definition()) == ("one\nkept\n", first)
    pushed.commit("stack", {"deploy/page.html": "two\n"}, "The second page")
    assert 'The second page"' in push()
    assert page() == "two\nkept\n"
    what_is_refused_changes_nothing(pushed, push)
    listed = json.loads(pushed.deploy("releases", domain, "--json").stdout)
    assert ['"The second page"' in each["subject"] for each in listed] == [True, False]
    assert pushed.deploy("rollback", domain).returncode == 0
    assert (page(), definition(), pushed.plan()["empty"]) == ("one\nkept\n", first, True)

    vps.run(KILLED_WHEN_ACCEPTED)
    pushed.commit("stack", {"deploy/page.html": "accepted\n"})
    killed = pushed.deploy("push", domain, "--yes")
    vps.run(f"mv {REPLACE}.kept {REPLACE}")
    assert killed.returncode != 0
    assert pushed.deploy("restart", domain).returncode == 0
    assert (page(), definition() == first) == ("accepted\nkept\n", False)
    assert {"former", "interrupted"}.isdisjoint(vps.run("ls /srv/deploy/pushed.test/images").stdout.split())

    pushed.sites[domain]["environment"] = {"MORE": "other"}
    applied = pushed.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "MINE=other" in environment_of(vps, "pushed-test-web-1")
    assert (page(), pushed.plan()["empty"]) == ("accepted\nkept\n", True)
    good = {"port": 8199, "publish": {8199: "web:80"}}
    other_ports(pushed, domain, good, "accepted\nkept", {8190: "web:81"})

    pushed.sites = {"other.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
    gone = pushed.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert vps.run("docker ps -aq --filter label=com.docker.compose.project=pushed-test").stdout == ""
    assert pushed.plan()["empty"]


BUILT = """services:
  web:
    build: {context: web, args: {PRICE: $$5}}
    ports: ["8198:80"]
    stop_signal: SIGKILL
"""
OF_BUSYBOX = f"""FROM scratch
COPY busybox {BUSYBOX}
COPY index.html /www/
ARG PRICE
RUN ["{BUSYBOX}", "sh", "-c", "echo $PRICE >>/www/index.html"]
CMD ["{BUSYBOX}", "httpd", "-f", "-p", "80", "-h", "/www"]
"""


def test_a_stack_builds_what_its_file_says(vps: Machine, tmp_path: Path) -> None:
    """Each image by what it is built of: what has not changed is not built again."""
    domain, page = "built.test", "web/index.html"
    site = {
        "kind": "compose",
        "repository": "stack",
        "port": 8198,
        "publish": {8198: "web:80"},
        "replace": "start-first",
        "https": False,
        "wait": "60s",
        "watch": "0",
    }
    one = Project(tmp_path, vps, None, {domain: site})
    one.repository("stack", {"compose.yaml": BUILT, "web/Dockerfile": OF_BUSYBOX, page: "one\n"})
    shutil.copy(vps.root / "bin/busybox", tmp_path / "stack/web/busybox")
    one.commit("stack", {}, "Bring a shell along")

    def push(code: int = 0) -> str:
        done = one.deploy("push", domain, "--yes")
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def images() -> list[str]:
        return vps.run(
            "docker image ls --format '{{.Tag}}' built.test__web | grep -E '^[0-9a-f]{40}$'"
        ).stdout.split()

    assert one.apply().returncode == 0
    assert "▸ build" in push()
    assert one.get(domain, scheme="http") == (200, "one\n$5\n")
    one.commit("stack", {"README": "more\n"})
    assert "▸ build" not in push()
    assert len(images()) == 1
    one.commit("stack", {page: "two\n"})
    assert "visitors are led to the new one at port 28198" in push()
    assert (one.get(domain, scheme="http"), one.plan()["empty"]) == ((200, "two\n$5\n"), True)
    one.commit("stack", {"web/Dockerfile": OF_BUSYBOX + f'RUN ["{BUSYBOX}", "false"]\n'})
    assert "the image could not be built" in push(1)
    one.commit("stack", {"web/Dockerfile": "FROM built.test__web:" + images()[0]})
    assert "the image could not be built" in push(1)
    assert one.get(domain, scheme="http") == (200, "two\n$5\n")
    assert one.deploy("rollback", domain).returncode == 0
    assert one.get(domain, scheme="http") == (200, "one\n$5\n")
    another = "built.test-web:live"  # of an application that is called so
    vps.run(f"printf 'FROM scratch\nLABEL deploy.revision=1\n' | docker build --quiet --tag {another} -")
    one.sites = {"other.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
    assert one.apply().returncode == 0
    assert vps.run("docker image ls --quiet built.test__web").stdout == ""
    vps.run(f"docker rmi {another}")


def what_is_refused_changes_nothing(pushed: Project, push: Callable[..., str]) -> None:
    """Neither what the rules refuse, nor what Docker Compose does, nor what does not run."""
    vps = pushed.vps
    compose = (pushed.folder / "stack/deploy/compose.yaml").read_text()
    before = vps.run("cat /opt/pushed.test/docker-compose.yml; docker ps --no-trunc --quiet").stdout

    def refused(text: str, *words: str) -> None:
        pushed.commit("stack", {"deploy/compose.yaml": text})
        said = push(1)
        assert [each for each in words if each not in said] == [], said
        assert "pushed.test is as it was: " in said
        now = vps.run("cat /opt/pushed.test/docker-compose.yml; docker ps --no-trunc --quiet").stdout
        assert (now, pushed.get("pushed.test", scheme="http")[1]) == (before, "two\nkept\n")
        assert "former" not in vps.run("ls /srv/deploy/pushed.test/images").stdout

    (pushed.folder / "stack/deploy/stolen.yaml").write_text(STOLEN)
    refused(
        f"include: [{{path: [stolen.yaml]}}]\n{compose}".replace("  web:", "  api:"),
        "its service web has privileged",
        "its service web has network_mode: host",
        "mounts / of the server",
        "mounts /var/run/docker.sock of the server",
        "mounts .env: that is no name for a folder of data",
        "is not taken: what stands above is more than a repository may have on this server",
    )
    vps.run("echo FOUND=there > /etc/found.env; chmod 644 /etc/found.env; echo FOUND=there > /opt/found.env")
    for found in ("/opt/found.env", "/etc/found.env", "../../../etc/found.env"):
        refused(compose.replace("more.env", found), "Docker Compose refuses deploy/compose.yaml")
    refused(compose.replace("more.env", "/srv/deploy/pushed.test/lock"), "Docker Compose refuses")
    refused(f"include: ['https://example.org/a.git']\n{compose}", "Docker Compose refuses")
    up = compose.replace("./data:", "./data/${WORD}/up:")
    refused(up, "mounts data/${WORD}/up: a secret is no part of a path")
    refused(compose.replace("./kept", "/etc/shadow"), "is /etc/shadow, which is not in the repository")
    link = pushed.folder / "stack/deploy/kept"
    link.unlink()
    link.symlink_to("/etc/shadow")
    refused(compose, "its config kept is kept, which is a link")
    link.unlink()
    link.write_text("kept\n")
    stops = compose.replace("exec httpd", "exit 3; httpd")
    pushed.commit("stack", {"deploy/compose.yaml": stops})
    assert "web ended with exit code 3" in push(1)
    assert vps.run("cat /opt/pushed.test/docker-compose.yml").stdout == before.rpartition("}\n")[0] + "}\n"
    assert pushed.get("pushed.test", scheme="http")[1] == "two\nkept\n"
    pushed.commit("stack", {"deploy/compose.yaml": compose}, "The second page")


THEIRS = """services:
  web:
    image: {image}
    command: ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]
    ports: ["8199:80", "8189:80"]
    volumes: ["./data:/data"]
    stop_signal: SIGKILL
  caddy: {{image: "{image}", depends_on: [web]}}
"""
OURS = """services:
  web:
    environment: {{KEY: "${{WORD}}", MINE: "{mine}"}}
    volumes: ["${{UPLOADS:-/srv/photos}}:/photos", "./uploads:/up"]
    secrets: [word]
  caddy: !reset null
  side:
    image: {image}
    command: ["/bin/busybox", "sleep", "1000"]
    healthcheck: {{disable: true}}
    volumes: ["kept:/kept"]
    stop_signal: SIGKILL
volumes: {{kept: }}
secrets: {{word: {{environment: WORD}}}}
"""


def test_what_the_owner_lays_over_a_stack_is_nobody_elses(vps: Machine, tmp_path: Path) -> None:
    """It counts with each revision, also what no repository may have; and no commit gets at it by a name."""
    domain, image = "over.test", f"{REGISTRY}/shop:1"
    registry_of(vps).push("shop", SERVE, {"Healthcheck": HEALTHY}, "well")
    site = {"kind": "compose", "repository": "stack", "override": "ours.yml", "port": 8199, "https": False}
    site |= {"secrets": {"WORD": "generate"}, "public": [8189], "wait": "60s", "watch": "0"}
    one = Project(tmp_path, vps, None, {domain: site})
    theirs = THEIRS.format(image=image)
    one.repository("stack", {"compose.yaml": theirs, ".env": "UPLOADS=/etc\n"})

    def lay_over(mine: str, does: str = "sleep") -> None:
        (tmp_path / "ours.yml").write_text(OURS.format(image=image, mine=mine).replace("sleep", does))

    def called(*words: str, code: int = 0) -> str:
        done = one.deploy(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def definition() -> str:
        return vps.run("cat /opt/over.test/docker-compose.yml").stdout

    lay_over("ours")
    assert "+    environment: {KEY:" in called("plan", code=4)
    assert f"{domain} waits for its first push" in called("apply", "--yes")
    called("push", domain, "--yes")
    assert one.get(domain, scheme="http") == (200, "well\n")
    word = vps.run("/usr/local/lib/deploy/bin/secret over.test WORD").stdout.strip()
    assert {f"KEY={word}", "MINE=ours"} <= {*environment_of(vps, "over-test-web-1")}
    assert (word in definition(), '"/srv/photos"' in definition()) == (False, True)
    mounted = "docker inspect --format '{{range .Mounts}}{{.Source}} {{end}}' over-test-web-1"
    folders = [f"/opt/over.test/{each}" for each in ("data", "uploads")]
    assert {"/srv/photos", *folders} <= {*vps.run(mounted).stdout.split()}
    by_hand = vps.run("cd /opt/over.test && docker compose ps --format '{{.Service}}'")
    assert (by_hand.stdout.split(), by_hand.stderr) == (["side", "web"], "")
    assert one.plan()["empty"]
    assert "is already up to date" in called("push", domain, "--yes")

    listening = vps.run(
        "ss --no-header --listening --tcp --numeric --ipv4 | awk '{ print $4 }'"
    ).stdout.split()
    assert {"127.0.0.1:8199", "0.0.0.0:8189"} <= {*listening}

    first = definition()
    taken = "  side: {entrypoint: [sh], image: any, volumes: ['kept:/x']}\nvolumes: {kept: }\n"
    for text, why in (
        (
            theirs + taken,
            ("its service side has an image in the override", "its volume kept is defined in the"),
        ),
        (theirs.replace("web", "api"), ("it has no service web, which the override names",)),
        (theirs.replace("./data", "./uploads/in"), ("it mounts uploads/in, and uploads is another one's",)),
    ):
        one.commit("stack", {"compose.yaml": text})
        said = called("push", domain, "--yes", code=1)
        assert [each for each in why if each not in said] == [], said
        assert definition() == first

    one.commit("stack", {"compose.yaml": theirs})
    lay_over("other")
    called("apply", "--yes")
    assert "MINE=other" in environment_of(vps, "over-test-web-1")
    assert one.plan()["empty"]
    lay_over("bad", "false")
    second = definition()
    assert "over.test goes back to what it was" in called("apply", "--yes", code=1)
    assert (one.get(domain, scheme="http"), definition()) == ((200, "well\n"), second)
    assert 'MINE: "other"' in vps.run("cat /opt/over.test/docker-compose.override-1.yml").stdout

    lay_over("other")
    called("rollback", domain)
    assert "MINE=ours" in environment_of(vps, "over-test-web-1")
    assert (definition(), one.plan()["empty"]) == (first, True)

    del site["override"]
    site |= {"port": 8190, "publish": {8190: "web:80"}}
    called("apply", "--yes")
    assert (one.get(domain, scheme="http"), one.plan()["empty"]) == ((200, "well\n"), True)
    assert not {"MINE=ours"} & {*environment_of(vps, "over-test-web-1")}
    one.sites = {"other.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
    called("apply", "--yes")
    assert vps.run("docker ps -aq --filter label=com.docker.compose.project=over-test").stdout == ""
