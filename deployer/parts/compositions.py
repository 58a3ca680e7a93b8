"""What compositions put on a server besides their own files: the values for the scripts."""

from typing import TYPE_CHECKING

from deployer.files import File
from deployer.kinds.composition import ComposedSite, Composition
from deployer.parts.rendering import UNITS, rendered
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share
from deployer.values.secrets import FromDotenv, Given

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

DEFAULT_COOLDOWN = 3 * 86400
HANDLERS = (
    Handler(
        "/etc/deploy/folders/*",
        Stage.FOLDERS,
        live="make_folders_of_containers",
        says="make folders of containers",
    ),
)
REMOVABLE = ("/opt/*",)


def share(config: "Config", facts: "Facts") -> Share:
    """What all of them need together."""
    return Share(files=resume_files(config))


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """The values of a composition, for the scripts."""
    entry = config.entry(name)
    if not isinstance(entry, Composition) or not own.files:
        return Share()
    return Share(files=values(config, name, entry, facts))


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
        public="all"
        if getattr(composition, "public", False) is True
        else " ".join(composition.public_ports()),
        given=names_of(composition, Given),
        taken=names_of(composition, FromDotenv),
        cooldown=config.updates.cooldown if config.updates else DEFAULT_COOLDOWN,
        keep=getattr(composition, "keep", 2),
        more=composition.more_values(name),
    )
    return {f"/etc/deploy/sites/{name}.conf": text}


def names_of(composition: Composition, source: type) -> str:
    """The names of its values that come from there."""
    return " ".join(
        name for name, secret in sorted(composition.variables().items()) if isinstance(secret, source)
    )


def resume_files(config: "Config") -> dict[str, File]:
    """What puts right, when the server starts, what a power failure has caught in a push or a restore."""
    if not (config.compositions or config.backups):
        return {}
    return {
        f"{UNITS}/deploy-resume.service": rendered("system/resume.service"),
        f"{UNITS}/multi-user.target.d/deploy-resume.conf": rendered("system/resume-at-start.conf"),
    }
