"""What strangers can reach, and what they would have then; pure."""

from collections.abc import Iterator

from deployer.audit.evidence import ContainerRights, Evidence, Listener
from deployer.audit.finding import Finding
from deployer.composefile.dangers import CAPABILITIES, DISKS, SOCKET, WITH_SOCKET, reach
from deployer.config.model import Config
from deployer.parts.firewall import open_ports
from deployer.seen.facts import Facts

QUIET = frozenset({"68/udp", "546/udp", "5353/udp"})
"""DHCP and its like: they wait for answers on the local network."""


def declared(seen: Evidence, config: Config) -> frozenset[str]:
    """The ports that everyone may reach."""
    facts = Facts(os="", release="", ssh_ports=tuple(int(port.split("/")[0]) for port in seen.ssh_ports))
    return frozenset(open_ports(config, facts))


def covers(allowed: str, port: str) -> bool:
    """Whether `60000:61000/udp` or `25/tcp` covers a port."""
    numbers, _, protocol = allowed.partition("/")
    first, _, last = numbers.partition(":")
    number, _, kind = port.partition("/")
    return kind == protocol and int(first) <= int(number) <= int(last or first)


def listeners(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Programs that strangers can reach, and nobody declared."""
    allowed = declared(seen, config)
    shut = seen.one("ufw") == "active"
    docker = {listener.port for _, listener in seen.published}
    for port in sorted({each.port for each in seen.listeners if is_public(each)} - QUIET - docker):
        if any(covers(one, port) for one in allowed):
            continue
        programs = sorted({each.program for each in seen.listeners if each.port == port and is_public(each)})
        let_in = any(covers(one, port) for one in seen.lines.get("let_in", ()))
        kept_out = shut and not let_in
        anyone = f"anyone on the internet can talk to it{': a rule of UFW lets them in' if shut else ''}"
        yield Finding(
            f"{', '.join(programs)} listens on {port} for everyone",
            "only the firewall keeps strangers out" if kept_out else anyone,
            "bind it to 127.0.0.1, or stop it"
            if kept_out
            else f"bind it to 127.0.0.1, stop it, or add {port} to security.firewall.allow in sites.yaml",
            serious=not kept_out,
        )


def is_public(listener: Listener) -> bool:
    """Whether it waits on more than the loopback address."""
    return not listener.local


def published(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Ports that Docker opens past the firewall."""
    allowed = declared(seen, config)
    for name, each in dict.fromkeys((name, each) for name, each in seen.published if is_public(each)):
        if not any(covers(one, each.port) for one in allowed):
            number = each.port.partition("/")[0]
            yield Finding(
                f"the container {name} publishes {each.port} on {each.address or 'every address'}",
                "Docker opens it past UFW: the firewall does not protect it",
                f"publish it as 127.0.0.1:{number}:… in its compose file, or declare `public: [{number}]`",
            )


def silent_docker(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Docker runs, and none of its containers can be looked at."""
    if why := seen.one("silent_docker"):
        client = "deploy apply" if config.compositions else "apt-get install docker-cli"
        yield Finding(
            f"Docker cannot be asked: {why}",
            "what its containers may do, and which ports they open, is not known",
            client if "missing" in why else "systemctl status docker",
        )


def old_docker(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Docker before 28 does not keep neighbours from ports on 127.0.0.1."""
    version = seen.one("docker")
    local = [each.port for _, each in seen.published if each.local]
    if version and int(version.partition(".")[0] or 0) < 28 and local:
        yield Finding(
            f"Docker {version} publishes {', '.join(sorted(local))} on 127.0.0.1",
            "before version 28, machines in the same network segment reach such ports all the same",
            "docker.packages: docker.com   # in sites.yaml brings a newer one",
            serious=False,
        )


def containers(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Containers that are as good as root on the server."""
    for each in seen.containers:
        found = [*of_container(each)]
        yield from found
        if not found and each.user.partition(":")[0] in ("root", "0"):
            yield Finding(
                f"the container {each.name} runs as root",
                "a hole in Docker is then a hole in the server",
                "`user:` in its compose file, or USER in its Dockerfile, if it can do with another",
                serious=False,
            )


def of_container(each: ContainerRights) -> Iterator[Finding]:
    """What one container has that makes it as good as root."""
    root, without = "who breaks into it is root on the server", "of its compose file, if it can do without"
    if each.privileged:
        yield Finding(
            f"the container {each.name} is privileged",
            root,
            "take `privileged: true` out of its compose file, and give it the capabilities it needs",
        )
        return
    if any(path in WITH_SOCKET or path.endswith(SOCKET) for path, _ in each.mounts):
        yield Finding(
            f"the container {each.name} may talk to Docker's socket",
            "who breaks into it can start a container that is root on the server",
            "do without it, or put a proxy before the socket that lets through only what is needed",
            serious=False,
        )
    for path, writable in each.mounts:
        if may := reach(path, writable):
            yield Finding(
                f"the container {each.name} has {path} of the server",
                f"who breaks into it {may} what is there",
                f"take {path} out {without}, or mount only what it needs",
                serious=writable,
            )
    for capability in sorted(CAPABILITIES & {name.removeprefix("CAP_") for name in each.capabilities}):
        yield Finding(
            f"the container {each.name} has the capability {capability}",
            root,
            f"take {capability} out {without}",
        )
    for device in filter(DISKS.fullmatch, each.devices):
        yield Finding(f"the container {each.name} has {device}", root, f"take {device} out {without}")
    if each.pid == "host":
        yield Finding(
            f"the container {each.name} sees all processes of the server",
            "what they have in their environment, passwords too, is seen by who breaks into it",
            f"take `pid: host` out {without}",
            serious=False,
        )
