"""What a server says of itself: its facts, and the files that are there."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deployer.files import File, Found, Link, unpack
from deployer.seen import manifest
from deployer.seen.by_hand import read_by_hand
from deployer.seen.facts import Certificate, Facts, Programs, Setting
from deployer.seen.failures import read_failures
from deployer.seen.packaging import read_additions, read_packaging
from deployer.seen.releases import Version
from deployer.seen.stacks import read_stacks
from deployer.seen.ufw import read_ufw

_CERTIFICATES = "/certificates/"


@dataclass(frozen=True, slots=True)
class Observation:
    """A server at one moment.

    `written` has the digests of what we wrote there last, by path; `renewals` is what renews
    certificates besides Certbot's own timer: a file and its line, or a unit. `secrets` has the SHA-256
    of each value in a .env, by its path and their names, and `folders` has the
    paths that are no files.
    """

    facts: Facts
    files: Found
    written: Mapping[str, str]
    renewals: tuple[str, ...] = ()
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()


def read_observation(answer: bytes) -> Observation:
    """Understand the compressed tar with which observe.sh answers."""
    files = unpack(answer)
    facts = _facts_by_name(_content(files.pop("/facts")).decode(errors="replace"))
    servers = dict(line.split(maxsplit=1) for line in facts["server"])
    authenticators = dict(line.split(maxsplit=1) for line in facts["authenticator"])
    dropping = {line.partition(" ")[0] for line in facts["allow_subset_of_names"] if line.endswith(" True")}
    certificates = {}
    for path in [path for path in files if path.startswith(_CERTIFICATES)]:
        name = path.removeprefix(_CERTIFICATES).partition("/")[0]
        server, authenticator = servers.get(name, ""), authenticators.get(name, "")
        found = _certificate(_content(files.pop(path)), server, authenticator, name in dropping)
        certificates[name] = replace(found, proved_by_dns=name in facts["proved_by_dns"])
    known = files.get(manifest.PATH)
    written = manifest.read(known.content) if isinstance(known, File) else {}
    said = _with_ports(_facts(facts, certificates, written), facts)
    secrets, folders = _secrets(facts["secret"]), frozenset(facts["folder"])
    return Observation(said, files, written, tuple(facts["renewal"]), secrets, folders)


def _content(file: File | Link) -> bytes:
    return file.content if isinstance(file, File) else b""


def _facts_by_name(text: str) -> dict[str, list[str]]:
    facts = defaultdict(list)
    for line in text.split("\n"):
        name, _, value = line.partition(" ")
        facts[name].append(value)
    return facts


def _secrets(lines: list[str]) -> dict[str, dict[str, str]]:
    secrets: dict[str, dict[str, str]] = defaultdict(dict)
    for line in lines:
        path, name, digest = line.split()
        secrets[path][name] = digest
    return dict(secrets)


def _facts(
    said: Mapping[str, list[str]], certificates: dict[str, Certificate], written: Mapping[str, str]
) -> Facts:
    def one(name: str) -> str:
        return said[name][0] if said[name] else ""

    return Facts(
        os=one("os"),
        release=one("release"),
        ipv6=bool(one("ipv6")),
        packages=frozenset(said["package"]),
        certificates=certificates,
        versions=_versions(said["version"]),
        units=dict(line.split(maxsplit=1) for line in said["unit"]),
        interrupted=bool(one("interrupted")),
        taken_names=_taken_names(said["name"], written),
        now=int(one("now") or 0),
        docker_repository=next((p for p in said["docker_repository"] if p not in written), ""),
        codename=one("codename"),
        ufw=read_ufw(said["ufw"], bool(one("ufw_managed"))),
        ufw_was_off=bool(one("ufw_was_off")),
        armed=int(one("armed") or 0),
        accounts=frozenset(said["account"]),
        logins=frozenset(said["login"]),
        there=frozenset(said["there"]),
        missing=frozenset(said["missing"]),
        settings=tuple(Setting(*line.split("\t", 3)) for line in said["setting"]),
        stacks=read_stacks(said["container"], said["volume"]),
        owed=tuple((name, project) for name, _, project in (line.partition(" ") for line in said["owed"])),
        engine=bool(one("engine")),
        brought_up=frozenset(said["brought_up"]),
        stopped={name: float(time) for name, time in (line.split() for line in said["stopped"])},
        failed=read_failures(said["failed"]),
        by_hand=read_by_hand(said, written),
        programs=_programs(said),
        packaging=read_packaging(said),
        additions=read_additions(said),
        mirrors=_mirrors(said["mirrors"]),
        registries=dict(line.rsplit(" ", 1) for line in said["registry"]),
        addresses=tuple(said["address"]),
    )


def _with_ports(facts: Facts, said: Mapping[str, list[str]]) -> Facts:
    def ports(name: str) -> tuple[int, ...]:
        return tuple(sorted(map(int, said[name])))

    return replace(
        facts,
        listening=frozenset(ports("port_here")),
        ssh_ports=ports("ssh_port"),
        ssh_configured=ports("ssh_configured"),
        ssh_ours=next(iter(ports("ssh_ours")), 0),
        ssh_socket=bool(said["ssh_socket"]),
        ssh_unheard=ports("ssh_unheard"),
    )


def _programs(said: Mapping[str, list[str]]) -> Programs:
    return Programs(
        outdated=_versions(said["outdated"]),
        foreign_nginx=bool(said["foreign_nginx"]),
        docker_client=not said["no_docker_client"],
    )


def _versions(lines: list[str]) -> dict[str, Version]:
    parted = (line.partition(" ") for line in lines)
    return {name: found for name, _, text in parted if (found := version(text))}


def _mirrors(lines: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, _, what in (line.partition(" ") for line in lines):
        found[name] = (*found.get(name, ()), what)
    return found


def _taken_names(lines: list[str], written: Mapping[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for line in lines:
        path, _, words = line.partition(" ")
        if path not in written:
            names |= dict.fromkeys(words.split(), path)
    return names


def version(text: str) -> Version | None:
    """The first three numbers of a version, None when there are none: `2:1.22.1-9+deb12` is (1, 22, 1)."""
    upstream = text.rpartition(":")[2]
    found = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", upstream)
    if not found:
        return None
    major, minor, patch = (int(number or 0) for number in found.groups())
    return major, minor, patch


def _certificate(pem: bytes, server: str, authenticator: str, drops_names: bool) -> Certificate:
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return Certificate(
        names=frozenset(names.get_values_for_type(x509.DNSName)),
        expires=int(certificate.not_valid_after_utc.timestamp()),
        issuer=certificate.issuer.rfc4514_string(),
        server=server,
        authenticator=authenticator,
        drops_names=drops_names,
    )
