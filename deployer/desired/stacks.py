"""What runs in containers of Docker Compose, whoever started it, as Docker tells; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deployer.config.ports import LOOPBACK

PUBLISHED = re.compile(r"(?:^|, )(\S*):(\d+)(?:-(\d+))?->[\d-]+/(tcp|udp)")
EVERYONE = frozenset({"0.0.0.0", "::", "[::]", ""})


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


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a composition shall stand, and what Docker Compose shall call it.

    `ports` are those that it takes, `open` those that everyone may reach; None where that cannot be known.
    `volumes` are those that Docker Compose makes for it.
    """

    folder: str
    project: str
    ports: frozenset[str] = frozenset()
    open: frozenset[str] | None = field(default_factory=frozenset)
    volumes: frozenset[str] = frozenset()

    @property
    def place(self) -> tuple[str, str]:
        """Its folder and its project, which are one thing to Docker Compose."""
        return self.folder, self.project


def read_stacks(containers: Iterable[str], volumes: Iterable[str]) -> dict[str, Stack]:
    """Understand PROJECT, FOLDER, STATE and PORTS of each container, and PROJECT and NAME of each volume."""
    found: dict[str, Stack] = {}
    for line in containers:
        match line.split("\t"):
            case [project, folder, state, text]:
                known = found.get(project, Stack(project))
                running = state in ("running", "restarting")
                taken, reached = published(text) if running else (frozenset(), frozenset())
                found[project] = Stack(
                    project, folder, known.running or running, known.ports | taken, known.open | reached
                )
    for line in volumes:
        project, _, volume = line.partition("\t")
        one = found.get(project, Stack(project))
        found[project] = Stack(
            one.project, one.folder, one.running, one.ports, one.open, one.volumes | {volume}
        )
    return found


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
