"""What runs in containers of Docker Compose, whoever started it, as Docker tells; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from deployer.composefile.ports import LOOPBACK

PUBLISHED = re.compile(r"(?:^|, )(\S*):(\d+)(?:-(\d+))?->[\d-]+/(tcp|udp)")
EVERYONE = frozenset({"0.0.0.0", "::", "[::]", ""})


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container of a service: its state as Docker calls it, and the exit code of its last run.

    `lasting`: Docker starts it again when it ends; `published`: it publishes ports. `started` is Unix time.
    """

    service: str
    state: str = "running"
    code: int = 0
    lasting: bool = True
    published: bool = False
    started: float = 0

    @property
    def fault(self) -> str:
        """Why it does not do what it is there for, by the same rules as `judge` on the server; else empty."""
        if self.state in ("exited", "dead") and (self.code or self.state == "dead"):
            return f"{self.service} ended with exit code {self.code}"
        if self.state == "exited":  # one that was to run once has done its work
            return f"{self.service} has stopped" if self.lasting or self.published else ""
        words = {"paused": "is paused", "created": "was never started", "restarting": "ends again and again"}
        return f"{self.service} {words[self.state]}" if self.state in words else ""


@dataclass(frozen=True, slots=True)
class Stack:
    """One project of Docker Compose: where it was started, whether it runs, and the ports that it publishes.

    `ports` are those that it takes, such as `8080/tcp`; `open` those of them that everyone can reach.
    `volumes` are the names of its volumes on the server, which it may have without any container.
    """

    project: str
    folder: str = ""
    running: bool = False
    ports: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    containers: tuple[ContainerState, ...] = ()

    def with_container(self, folder: str, container: ContainerState, ports: str) -> "Stack":
        """The same with one more container, which was started in this folder and publishes these ports."""
        running = container.state in ("running", "restarting", "paused")
        taken, reached = published(ports) if running else (frozenset(), frozenset())
        return replace(
            self,
            folder=folder,
            running=self.running or running,
            ports=self.ports | taken,
            open=self.open | reached,
            containers=(*self.containers, container) if container.service else self.containers,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a composition shall stand, and what Docker Compose shall call it.

    `ports` are those that it takes, `open` those that everyone may reach; None where that cannot be known.
    `volumes` are those that Docker Compose makes for it, `services` those that shall have a container.
    `of_any_name` are volumes and folders that it would have as another project, too. `given` has the names
    and values that sites.yaml gives the variables of its file. `waits_for_push`: it cannot run before
    somebody pushes it. `by_values`: its compose file is made on the server, by its values of sites.yaml.
    """

    folder: str
    project: str
    ports: frozenset[str] = frozenset()
    open: frozenset[str] | None = field(default_factory=frozenset)
    volumes: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    of_any_name: frozenset[str] = frozenset()
    given: frozenset[tuple[str, str]] = frozenset()
    waits_for_push: bool = False
    by_values: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """Its folder and its project, which are one thing to Docker Compose."""
        return self.folder, self.project


def read_stacks(containers: Iterable[str], volumes: Iterable[str]) -> dict[str, Stack]:
    """Understand what observe.sh tells of each container, and PROJECT and NAME of each volume."""
    found: dict[str, Stack] = {}
    for line in containers:
        match line.split("\t"):
            case [project, folder, service, state, code, policy, bound, started, text]:
                lasting = policy in ("always", "unless-stopped")
                one = ContainerState(service, state, int(code), lasting, bound != "0", unix_time(started))
                found[project] = found.get(project, Stack(project)).with_container(folder, one, text)
    for line in volumes:
        project, _, volume = line.partition("\t")
        stack = found.get(project, Stack(project))
        found[project] = replace(stack, volumes=stack.volumes | {volume})
    return found


def unix_time(moment: str) -> float:
    """A moment as Docker writes it, with up to nine decimals; of year 1 where there was none."""
    return datetime.fromisoformat(moment).timestamp()


def published(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The ports that a container publishes, as `docker ps` writes them, and those that everyone can reach."""
    taken, reached = set(), set()
    for address, first, last, protocol in PUBLISHED.findall(text):
        ports = {f"{port}/{protocol}" for port in range(int(first), int(last or first) + 1)}
        if address in EVERYONE:
            reached |= ports
        if address in EVERYONE or LOOPBACK.fullmatch(
            address
        ):  # another address leaves the port of these free
            taken |= ports
    return frozenset(taken), frozenset(reached)


def ours(files: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The folder and project of each composition, by its name, from its values for the scripts."""
    found = {}
    for name, text in files.items():
        values = dict(re.findall(r"^(KIND|DIRECTORY|PROJECT)='?([^'\n]*)'?$", text, re.MULTILINE))
        if values.get("KIND") == "compose" and "DIRECTORY" in values:
            found[name] = (values["DIRECTORY"], values.get("PROJECT", ""))
    return found
