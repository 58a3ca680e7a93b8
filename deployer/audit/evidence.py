"""What a server tells an auditor of itself, as values."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listener:
    """Something that waits for connections: `8080/tcp` on an address, and which program it is."""

    port: str
    address: str
    program: str

    @property
    def local(self) -> bool:
        """Whether only the server itself reaches it."""
        return self.address.startswith("127.") or self.address in ("::1", "::ffff:127.0.0.1")


@dataclass(frozen=True, slots=True)
class ContainerRights:
    """What a running container may do; `mounts` are paths of the server, with whether it may write there."""

    name: str
    user: str
    privileged: bool
    pid: str = ""
    mounts: tuple[tuple[str, bool], ...] = ()
    capabilities: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorizedKey:
    """A public key that may log in as the user; `key` is `type base64`."""

    user: str
    key: str
    comment: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that audit.sh tells. Times are Unix time; `gpg` has (pub|sub, validity, expiry or 0)."""

    now: int
    listeners: tuple[Listener, ...]
    published: tuple[tuple[str, Listener], ...]
    containers: tuple[ContainerRights, ...]
    sshd: dict[str, str]
    ssh_ports: frozenset[str]
    keys: tuple[AuthorizedKey, ...]
    gpg: tuple[tuple[str, str, int], ...]
    certificates: dict[str, int]
    backups: dict[str, int]
    lines: dict[str, list[str]]
    """Of what is plain text: nopassword, root, sudo, readable, upgrade, reboot, lists, ufw, and so on."""

    def one(self, name: str) -> str:
        """The only line of its kind, empty where there is none."""
        return (self.lines.get(name) or [""])[0]


def read_evidence(answer: str) -> Evidence:
    """Understand what audit.sh prints."""
    said: dict[str, list[str]] = defaultdict(list)
    for line in answer.split("\n"):
        name, _, rest = line.partition(" ")
        said[name].append(rest.strip())
    sshd = [line.partition(" ") for line in said["sshd"]]
    return Evidence(
        now=int((said["now"] or ["0"])[0]),
        listeners=tuple(listener(*line.split()[:4]) for line in said["listen"]),
        published=tuple(published(line) for line in said["published"]),
        containers=tuple(container(line, said) for line in said["container"]),
        sshd={name: value for name, _, value in sshd if name != "port"},
        ssh_ports=frozenset(f"{value}/tcp" for name, _, value in sshd if name == "port"),
        keys=tuple(authorized(line) for line in said["key"]),
        gpg=tuple((kind, validity, int(end)) for kind, validity, end in map(str.split, said["gpg"])),
        certificates={name: int(end) for name, end in map(str.split, said["certificate"])},
        backups={name: int(end or 0) for name, _, end in (line.partition(" ") for line in said["backup"])},
        lines=dict(said),
    )


def listener(protocol: str, address: str, port: str, program: str) -> Listener:
    """One line of `ss`."""
    return Listener(f"{port}/{protocol}", address, program)


def published(line: str) -> tuple[str, Listener]:
    """A port that Docker publishes: of which container."""
    words = line.split()
    name, port, inside = words[0].lstrip("/"), words[-2], words[-1]
    address = words[1] if len(words) == 4 else ""
    return name, Listener(f"{port}/{inside.rpartition('/')[2]}", address, "docker")


def container(line: str, said: Mapping[str, list[str]]) -> ContainerRights:
    """A running container, with what other lines say of it."""
    name, user, privileged, *pid = line.split()
    mounts = (each.partition(" ") for each in of(name, said["mounted"]))
    return ContainerRights(
        name.lstrip("/"),
        user,
        privileged == "true",
        "".join(pid),
        tuple((path, writable == "true") for writable, _, path in mounts),
        tuple(of(name, said["capability"])),
        tuple(of(name, said["device"])),
    )


def of(name: str, lines: list[str]) -> Iterator[str]:
    """The rest of the lines that begin with a name."""
    return (line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} "))


def authorized(line: str) -> AuthorizedKey:
    """A line of authorized_keys without its options."""
    user, kind, blob, *comment = line.split()
    return AuthorizedKey(user, f"{kind} {blob}", " ".join(comment))
