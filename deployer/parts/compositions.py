"""What compositions put on a server besides their own files: the values for the scripts, and the secrets."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.kinds.composition import ComposedSite, Composition
from deployer.parts.rendering import UNITS, rendered
from deployer.seen.stacks import Standing
from deployer.shares.share import Share
from deployer.values.secrets import Given, Secret

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

DEFAULT_COOLDOWN = 3 * 86400
REMOVABLE = ("/opt/*",)


def share(config: "Config", facts: "Facts") -> Share:
    """What all of them need together, and what a person should know of each."""
    return Share(files=resume_files(config), remarks=tuple(composition_remarks(config)))


def values(config: "Config", name: str, composition: Composition, facts: "Facts") -> dict[str, File]:
    """The file with the composition's values for push, rollback and update."""
    site = composition if isinstance(composition, ComposedSite) else None
    text = rendered(
        "system/composition.conf",
        name=name,
        domain=name if site else "",
        project=composition.project(name),
        folder=composition.folder(name),
        services=" ".join(sorted(composition.services(name, facts))),
        port=site.port if site else "",
        https=int(site.https) if site else 0,
        probe=site.probe(name) if site else "",
        wait=composition.wait,
        watch=composition.watch,
        built=int(composition.built()),
        public="all" if getattr(composition, "public", False) else " ".join(composition.public_ports()),
        given=" ".join(
            name for name, secret in sorted(composition.variables().items()) if isinstance(secret, Given)
        ),
        cooldown=config.updates.cooldown if config.updates else DEFAULT_COOLDOWN,
    )
    return {f"/etc/deploy/sites/{name}.conf": text}


def resume_files(config: "Config") -> dict[str, File]:
    """What brings up, when the server starts, the containers that a power failure has caught in a push."""
    if not config.compositions:
        return {}
    return {
        f"{UNITS}/deploy-resume.service": rendered("system/resume.service"),
        f"{UNITS}/multi-user.target.d/deploy-resume.conf": rendered("system/resume-at-start.conf"),
    }


def standings(config: "Config", facts: "Facts") -> dict[str, Standing]:
    """Where each composition shall stand, by its name."""
    return {
        name: Standing(
            folder=entry.folder(name),
            project=entry.project(name),
            ports=frozenset({f"{port}/tcp" for port in entry.local_ports()} | {*entry.public_ports()}),
            open=entry.open_ports(),
            volumes=frozenset(f"{entry.project(name)}_{volume}" for volume in entry.volumes()),
            services=entry.services(name, facts),
            of_any_name=entry.of_any_name(),
            given=frozenset(
                (key, each.value) for key, each in entry.variables().items() if isinstance(each, Given)
            ),
        )
        for name, entry in sorted(config.compositions.items())
    }


def wanted_secrets(config: "Config", names: Iterable[str]) -> dict[str, dict[str, Secret]]:
    """Every secret by its name, by the path of the .env that it stands in, if one of these has it."""
    return {
        f"{config.compositions[name].folder(name)}/.env": secrets
        for name in sorted({*names} & {*config.compositions})
        if (secrets := config.compositions[name].variables())
    }


def without_domain(config: "Config") -> dict[str, Composition]:
    """The services that no domain leads to, by name."""
    return dict(sorted(config.services.items()))


def composition_remarks(config: "Config") -> Iterator[tuple[str, str]]:
    """What a person should know of single compositions, by their names."""
    for name, composition in sorted(config.compositions.items()):
        yield from ((name, f"{name}: {remark}") for remark in composition.remarks())
