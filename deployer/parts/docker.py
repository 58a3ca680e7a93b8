"""Where a server gets Docker from: its distribution's packages, or Docker's own; pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from deployer.errors import DeployError
from deployer.files import File
from deployer.parts.rendering import rendered
from deployer.seen.facts import Facts
from deployer.seen.releases import Version
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config

Origin = Literal["distribution", "docker.com", "by hand"]

CLIENTS = {"docker-cli", "docker-ce-cli"}
DOCKER_COM = frozenset(
    {"docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"}
)
# What Docker's packages do not declare themselves, but cannot stand beside.
IN_THE_WAY = frozenset(
    {"docker.io", "docker-cli", "docker-compose", "docker-compose-v2", "containerd", "runc"}
)
SOURCES = "/etc/apt/sources.list.d/docker.sources"
KEY = "/etc/apt/keyrings/docker.asc"
DAEMON = "/etc/docker/daemon.json"
REMOVABLE = (SOURCES, KEY)
QUESTIONS = (
    *(Question("file", path) for path in (SOURCES, KEY, DAEMON)),
    Question("version", "docker docker-ce docker.io"),
    Question("version", "compose docker-compose-plugin docker-compose-v2 docker-compose>=2"),
    Question("unit", "docker.service"),
    Question("look", "docker"),
)


def share(config: "Config", facts: Facts) -> Share:
    """Docker, where sites.yaml wants containers; raises DeployError where it cannot be had."""
    sources = docker_sources(config, facts)
    return Share(
        files=sources,
        packages=docker_packages(config, facts),
        unwanted=unwanted(config, facts),
        units=frozenset({"docker.service"} if config.compositions else ()),
        sources=frozenset(sources),
        in_the_way=in_the_way(config, facts),
        notes=docker_notes(config, facts),
    )


def origin(config: "Config", facts: Facts) -> Origin:
    """Where Docker comes from: what sites.yaml says, what is there, or what the release has."""
    if config.docker.packages:
        return config.docker.packages
    if "docker-ce" in facts.packages:
        return "docker.com"
    if facts.docker and facts.compose and "docker.io" not in facts.packages:
        return "by hand"
    return "distribution" if packages_of(facts) else "docker.com"


def packages_of(facts: Facts) -> frozenset[str]:
    """The distribution's packages with Compose v2, none where it has it not."""
    there = frozenset({"docker.io"} if facts.compose and "docker.io" in facts.packages else ())
    if there and not facts.programs.docker_client and not facts.known.client_within:
        there |= {"docker-cli"}
    return there or facts.known.docker


def docker_packages(config: "Config", facts: Facts) -> frozenset[str]:
    """The packages that bring Docker, none where no container is wanted; raises DeployError."""
    if not config.compositions:
        return frozenset()
    where = origin(config, facts)
    if where == "distribution" and not packages_of(facts):
        raise DeployError(
            f"{named(facts)} has no package of Compose v2, and sites.yaml wants Docker from there",
            "Leave `docker: {packages: distribution}` out, and Docker's own packages are used.",
        )
    return {"distribution": packages_of(facts), "docker.com": DOCKER_COM, "by hand": frozenset()}[where]


def unwanted(config: "Config", facts: Facts) -> frozenset[str]:
    """What builds images for the distribution's Docker: another one brings that along."""
    ours = config.compositions and origin(config, facts) == "distribution"
    return frozenset() if ours else frozenset({facts.known.builder} - {""})


def in_the_way(config: "Config", facts: Facts) -> frozenset[str]:
    """Installed packages that must go, for Docker's own cannot stand beside them."""
    if not config.compositions or origin(config, facts) != "docker.com":
        return frozenset()
    return IN_THE_WAY & facts.packages


def docker_sources(config: "Config", facts: Facts) -> dict[str, File]:
    """The files with which apt finds Docker's own packages; they must be there before it is asked."""
    if not config.compositions or origin(config, facts) != "docker.com" or facts.docker_repository:
        return {}
    suite = facts.codename or facts.known.codename
    if not suite:
        raise DeployError(f"{named(facts)}: Docker has no packages for it, as far as is known here")
    return {
        SOURCES: rendered("system/docker.sources", distribution=facts.os, suite=suite, key=KEY),
        KEY: rendered("system/docker.asc"),
    }


def docker_notes(config: "Config", facts: Facts) -> tuple[str, ...]:
    """What a person should know of Docker on this server."""
    if not config.compositions:
        return ()
    where = origin(config, facts)
    notes = [*_running_notes(config, facts)]
    if not facts.docker:
        notes.append(f"Docker comes from {reason(config, facts, where)}")
    if away := in_the_way(config, facts):
        notes.append(
            f"Docker's own packages replace {', '.join(sorted(away))}: all containers stop for a moment"
        )
    return tuple(notes)


def _running_notes(config: "Config", facts: Facts) -> Iterator[str]:
    """What keeps the Engine that is there from being spoken to, or from being the one that is installed."""
    if facts.docker and not facts.programs.docker_client:
        coming = ", ".join(docker_packages(config, facts) & CLIENTS)
        how = f"{coming} brings it" if coming else "install it on the server"
        yield f"the program docker is missing, without which nobody can speak to Docker: {how}"
    if facts.docker and (still := facts.programs.outdated.get("docker")):
        yield (
            f"Docker {dotted(facts.docker)} is installed, and {older(still, facts.docker)} still runs: "
            "systemctl restart docker on the server ends that; all containers stop for a moment"
        )


def reason(config: "Config", facts: Facts, where: Origin) -> str:
    """From where, and why."""
    if config.docker.packages:
        return f"{where}, as sites.yaml says"
    if where == "docker.com":
        return f"docker.com: {named(facts)} has no package of Compose v2"
    return f"the packages of {named(facts)}, which bring Compose v2"


def coming_engine(config: "Config", facts: Facts) -> Version | None:
    """The version that would be installed, as far as it is known."""
    return facts.known.engine if origin(config, facts) == "distribution" else None


def engine(config: "Config", facts: Facts) -> Version | None:
    """The version that containers will run on, None where it is not known: that of Docker's own is new."""
    coming = not facts.docker or (origin(config, facts) == "docker.com" and "docker-ce" not in facts.packages)
    return coming_engine(config, facts) if coming else running(facts)


def running(facts: Facts) -> Version | None:
    """The version of the Engine that runs: one that has been replaced goes on. None where none is there."""
    return facts.programs.outdated.get("docker", facts.docker)


def named(facts: Facts) -> str:
    """The release by its name, as in "Debian 13"."""
    return f"{facts.os.capitalize()} {facts.release}"


def older(version: Version, installed: Version | None) -> str:
    """What of it still runs, in words: its version, if that is another."""
    return dotted(version) if version != installed else "an older build"


def dotted(version: Version) -> str:
    """A version as it is written."""
    return ".".join(map(str, version))
