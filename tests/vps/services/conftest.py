"""Compositions on a real server with a real registry: each test has a composition and images of its own."""

import contextlib
import itertools
import json
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bcrypt
import pytest

import deployer
from deployer.rehearsal.base import base_image
from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.registry import Registry, basic, health

SCRIPTS = Path(deployer.__file__).parent / "server" / "installed"
PACKAGES = (
    "busybox-static",
    "curl",
    "docker-cli",
    "docker-compose",
    "docker-registry",
    "docker.io",
    "jq",
    "libnginx-mod-http-brotli-filter",
    "logrotate",
    "nginx",
)
BUILDS = (*PACKAGES, "docker-buildx", "git")
OF_DEBIAN_13 = {"docker-cli", "docker-compose"}
PACKAGES_12 = (*(each for each in PACKAGES if each not in OF_DEBIAN_13), "acl", "attr", "zstd")
COMPOSE = "usr/libexec/docker/cli-plugins/docker-compose"
"""Docker Compose itself: `docker compose` looks for it anew each time, and takes twice as long."""
REGISTRY = "127.0.0.1:5000"
APP = """services:
  app:
    image: {image}:1
    ports: ["127.0.0.1:{port}:80"]
    restart: unless-stopped
    stop_signal: SIGKILL
"""
# Asked often until it is well, and seldom after that: each question is some processes on a busy machine.
OFTEN_AT_FIRST = {"StartInterval": 0.3, "StartPeriod": 6, "Interval": 30, "Retries": 2}
ALWAYS_OFTEN = {"Interval": 3, "Retries": 4}  # before Docker 25
ASK = "wget -q -O /dev/null 127.0.0.1"
HEALTHY = health(ASK, Timeout=2, **OFTEN_AT_FIRST)
SERVE = "exec httpd -f -p 80 -h /www"
PREPARE = """
sed -i '/^auth:/,/htpasswd$/d' /etc/docker/registry/config.yml
systemctl restart docker-registry
until curl -s -o /dev/null 127.0.0.1:5000/v2/; do sleep 0.05; done
rm -f /etc/nginx/sites-enabled/default
mkdir -p /etc/deploy/sites /etc/deploy/backup /srv/deploy
"""
# Rules of a firewall make a third of the work of a network, and the filter of system calls a third of that of each
# command in a container, which a health check is; the other servers of the tests have them.
NO_FILTERS = {
    "/etc/docker/daemon.json": json.dumps(
        {"iptables": False, "ip6tables": False, "seccomp-profile": "/etc/docker/seccomp.json"}, indent=2
    ),
    "/etc/docker/seccomp.json": json.dumps({"defaultAction": "SCMP_ACT_ALLOW"}),
}
numbers = itertools.count(1)


@dataclass
class Composition:
    """A composition with a domain, whose service `app` has an image in the registry."""

    vps: Machine
    name: str
    port: int
    values: dict[str, object] = field(default_factory=dict)
    registry_password: tuple[str, str] | None = None
    shared: str = ""
    """The name of an image that others have, too."""

    @property
    def directory(self) -> Path:
        return self.vps.root / "opt" / self.name

    @property
    def place(self) -> Path:
        return self.vps.root / "srv/deploy" / self.name

    @property
    def project(self) -> str:
        return self.name.replace(".", "-")

    @property
    def repository(self) -> str:
        return f"{REGISTRY}/{self.shared or self.project}"

    @property
    def healthy(self) -> dict[str, Any]:
        """The health check of its images, unless they have another."""
        return health(ASK, Timeout=2, **ALWAYS_OFTEN) if self.vps.release == "debian-12" else HEALTHY

    def configure(self, **values: object) -> None:
        """Change values of sites.yaml, as `deploy apply` would write them."""
        defaults = {
            "KIND": "compose",
            "NAME": self.name,
            "DOMAIN": self.name,
            "PROJECT": self.project,
            "DIRECTORY": f"/opt/{self.name}",
            "PORT": self.port,
            "WAIT": 60,
            "WATCH": 0,
            "PROBE": "/",
            "HTTPS": 0,
            "COOLDOWN": 0,
            "KEEP": 2,
        }
        self.values = defaults | self.values | values
        text = "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in self.values.items())
        (self.vps.root / "etc/deploy/sites" / f"{self.name}.conf").write_text(text)

    def write(self, **services: dict[str, Any] | None) -> None:
        """Write docker-compose.yml: the service `app`, changed and with others."""
        app = {
            "image": f"{self.repository}:1",
            "ports": [f"127.0.0.1:{self.port}:80"],
            "restart": "unless-stopped",
        }
        wanted = {
            name: {"stop_signal": "SIGKILL"} | service
            for name, service in ({"app": app} | services).items()
            if service
        }
        self.directory.mkdir(parents=True, exist_ok=True)
        file = {"name": self.project, "services": wanted}
        (self.directory / "docker-compose.yml").write_text(json.dumps(file, indent=2))

    def once(self, **more: object) -> dict[str, Any]:
        """The service `app` that nobody starts again: one that ends costs one start, and not the four of a crash loop."""
        return {"image": f"{self.repository}:1", "ports": [f"127.0.0.1:{self.port}:80"], **more}

    def said(self) -> list[str]:
        """What its files say."""
        conf = self.vps.root / "etc/deploy/sites" / f"{self.name}.conf"
        return [file.read_text() for file in (conf, *self.directory.glob("docker-compose.yml"))]

    def image(
        self, page: str, command: str = SERVE, *, name: str = "", megabytes: int = 0, **config: object
    ) -> str:
        """Put an image into the registry that serves the page, with `command` run by its shell; its ID."""
        repository = (name or self.repository).removeprefix(f"{REGISTRY}/")
        registry = registry_of(self.vps, self.registry_password)
        return registry.push(repository, command, {"Healthcheck": self.healthy} | config, page, megabytes)

    def pinned(self, page: str) -> tuple[str, str]:
        """Put an image into the registry as `image` does; its ID, and the digest that pins it."""
        registry = registry_of(self.vps, self.registry_password)
        return registry.publish(self.project, SERVE, {"Healthcheck": self.healthy}, page)

    def script(self, name: str, *options: str, code: int = 0, input: str | None = None) -> str:
        """Run one of the scripts; its output."""
        argv = " ".join([f"/usr/local/lib/deploy/bin/{name}", self.name, *options])
        done = self.vps.run(argv, check=False, input=input)
        assert done.returncode == code, done.stdout + done.stderr
        assert not done.stderr
        return done.stdout

    def push(self, *options: str, code: int = 0) -> str:
        return self.script("push", *options, code=code)

    def fails(self, *options: str) -> str:
        """A push that must fail and leave everything as it was; its output."""
        before, page = self.running(), self.page()
        output = self.push(*options, code=1)
        assert output.splitlines()[-1].startswith(f"{self.name} is as it was: "), output
        assert (self.running(), self.page()) == (before, page)
        assert not (self.place / "work").exists()
        assert not (self.place / "images/interrupted").exists()
        return output

    def running(self) -> dict[str, str]:
        """The image ID of each service's running containers."""
        mine = json.dumps({"label": [f"com.docker.compose.project={self.project}"]})
        ask = "curl -sG --unix-socket /run/docker.sock http://docker/containers/json --data-urlencode"
        found = json.loads(self.vps.run(f"{ask} {shlex.quote(f'filters={mine}')}").stdout)
        return {each["Labels"]["com.docker.compose.service"]: each["ImageID"] for each in found}

    def page(self) -> str:
        """What a visitor gets; on an error, the number of it."""
        argv = ["curl", "-s", "--noproxy", "*", "-m", "5", "-H", f"Host: {self.name}", "-w", "%{http_code}"]
        answer = subprocess.run(
            [*argv, f"http://{self.vps.address}/"], capture_output=True, text=True, check=False
        )
        return answer.stdout[:-3].strip() if answer.stdout.endswith("200") else answer.stdout[-3:]

    def log(self) -> dict[str, Any]:
        """The last line of the push log."""
        lines = (self.vps.root / "var/log/deploy/push.log").read_text().splitlines()
        return json.loads([line for line in lines if f'"site":"{self.name}"' in line][-1])


def file_in(vps: Machine, container: str, path: str) -> str:
    """A file as a container has it; of what is said in `docker exec`, a busy Docker loses what it has not read after 2 s."""
    return vps.run(f"cat /proc/{process_of(container)}/root{path}").stdout


def environment_of(vps: Machine, container: str) -> list[str]:
    """The variables of a container, as NAME=VALUE."""
    return vps.run(f"cat /proc/{process_of(container)}/environ").stdout.split("\0")


def process_of(container: str) -> str:
    """What a shell on the server puts in for the first process of a container."""
    return f"$(docker inspect --format '{{{{.State.Pid}}}}' {container})"


def registry_of(vps: Machine, password: tuple[str, str] | None = None) -> Registry:
    """The registry of a server."""
    return Registry(vps.address, vps.root / "bin/busybox", *([basic(*password)] if password else []))


@contextlib.contextmanager
def password_wanted(vps: Machine, user: str, password: str) -> Iterator[None]:
    """Meanwhile its registry lets nobody else in."""
    config = "/etc/docker/registry/config.yml"
    answers = "until curl -s -o /dev/null 127.0.0.1:5000/v2/; do sleep 0.05; done"
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    (vps.root / "etc/docker/registry/htpasswd").write_text(f"{user}:{hashed}\n")
    auth = "auth:\n  htpasswd:\n    realm: basic-realm\n    path: /etc/docker/registry/htpasswd\n"
    vps.run(f"cp {config} {config}.open; printf '{auth}' >> {config}")
    vps.run(f"systemctl restart docker-registry; {answers}")
    try:
        yield
    finally:
        vps.run(f"mv {config}.open {config}; systemctl restart docker-registry; {answers}")


def prepare(machine: Machine) -> None:
    """Its registry, NGINX and folders; and the layer that all images share, which stays."""
    machine.run(PREPARE)
    registry_of(machine).push("base", SERVE, {}, "base")
    machine.run(f"docker pull -q {REGISTRY}/base:1")


def shared_image(machine: Machine) -> str:
    """Put an image with the page "one" into its registry; its name."""
    one = Composition(machine, "one", 0)
    one.image("one")
    return one.name


def install_scripts(machine: Machine) -> None:
    """Those that apply would put there."""
    shutil.copytree(SCRIPTS, machine.root / "usr/local/lib/deploy", dirs_exist_ok=True)


@contextlib.contextmanager
def booted_with_builder() -> Iterator[Machine]:
    """A server with Docker and its builder, a registry and Git."""
    with Machine.boot("debian-13", BUILDS, files=NO_FILTERS) as machine:
        install_scripts(machine)
        prepare(machine)
        yield machine


@contextlib.contextmanager
def booted_debian_12(*more: str, **options: Any) -> Iterator[Machine]:
    """A server as that of the fixture `vps`, with the Compose of Debian 13: Debian 12 has none that is new enough."""
    with Machine.boot("debian-12", (*PACKAGES_12, *more), **options) as machine:
        install_scripts(machine)
        bring_compose(machine)
        prepare(machine)
        yield machine


def bring_compose(machine: Machine) -> None:
    """Docker Compose v2, which no package of Debian 12 has: that of Debian 13, as a person may have put it there."""
    plugin = machine.root / COMPOSE
    plugin.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(base_image("debian-13", PACKAGES)[0] / COMPOSE, plugin)


@pytest.fixture(scope="module")
def debian_12(throwaway: None) -> Iterator[Machine]:
    """Debian 12 with Docker and a registry."""
    with booted_debian_12(files=NO_FILTERS) as machine:
        yield machine


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """A server with Docker and a registry."""
    with Machine.boot("debian-13", PACKAGES, files=NO_FILTERS) as machine:
        install_scripts(machine)
        prepare(machine)
        yield machine


def composed(
    vps: Machine, page: str = "one", shared: str = "", **services: dict[str, Any] | None
) -> Composition:
    """A new one, with an image that has the page, or with the image `shared`, which is there."""
    number = next(numbers)
    one = Composition(vps, f"app{number}.example.org", 8100 + number, shared=shared)
    one.configure()
    vhost = (
        f"server {{ listen 80; server_name {one.name};"
        f" location / {{ proxy_pass http://127.0.0.1:{one.port}; }} }}\n"
    )
    (vps.root / "etc/nginx/conf.d" / f"{one.name}.conf").write_text(vhost)
    vps.run("systemctl reload nginx")
    if page and not shared:
        one.image(page)
    one.write(**services)
    return one


def end(composition: Composition) -> None:
    composition.vps.run(f"/{COMPOSE} -p {composition.project} down --timeout 0 2>/dev/null", check=False)


@pytest.fixture
def new_composition(vps: Machine) -> Iterator[Callable[..., Composition]]:
    with compositions(vps) as make:
        yield make


@contextlib.contextmanager
def compositions(vps: Machine, shared: str = "") -> Iterator[Callable[..., Composition]]:
    """Makes compositions, which are taken down at the end; with `shared`, all have that image, which is there."""
    made = []

    def make(page: str = "one", **services: dict[str, Any] | None) -> Composition:
        made.append(composed(vps, page, shared, **services))
        return made[-1]

    yield make
    for one in made:
        end(one)


@contextlib.contextmanager
def served(images: Composition, folder: Path) -> Iterator[Project]:
    """A user's folder whose one service, of that name, port and images, was applied; in the end it is removed."""
    service = {"kind": "compose", "file": "app.yml", "port": images.port, "https": False}
    service |= {"wait": "60s", "watch": "0"}
    (folder / "app.yml").write_text(APP.format(image=images.repository, port=images.port))
    project = Project(folder, images.vps, None, {images.name: service})
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    yield project
    project.sites = {"other.test": {"kind": "proxy", "port": 1, "https": False}}
    gone = project.apply()
    install_scripts(images.vps)  # for the tests of other modules
    assert gone.returncode == 0, gone.stderr


@pytest.fixture(scope="module")
def lasting(vps: Machine) -> Iterator[tuple[Composition, str, str]]:
    """What `app` is: a composition, the ID of its image, and its digest."""
    one = composed(vps, "")
    image, digest = one.pinned("one")
    yield one, image, digest
    end(one)


@pytest.fixture
def app(lasting: tuple[Composition, str, str]) -> Composition:
    """A composition that is live with the page `one`, as each test finds it."""
    one, image, digest = lasting
    before = one.said()
    one.values.clear()
    one.configure()
    one.write()
    registry_of(one.vps).name(one.project, digest)
    if (one.said(), one.running(), one.page()) != (before, {"app": image}, "one"):
        one.push()
        assert (one.running(), one.page()) == ({"app": image}, "one")
    return one
