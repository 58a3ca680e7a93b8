"""docs/sites.md: the reference of every key, made from the models."""

from typing import Any

from deployer.config.dns import Dns
from deployer.config.home import S3, Home, Notify
from deployer.config.keeper import Keeper
from deployer.config.keys import RestrictedKey
from deployer.config.model import Config
from deployer.config.monitoring import Gatus, GatusNtfy, Monitoring, UptimeKuma
from deployer.config.security import Security
from deployer.config.server import Acme, Docker, Server, Updates
from deployer.config.watch import Channels, Mail, Watch
from deployer.config.wording import fields, section
from deployer.kinds import kinds, other_forms, service_kinds
from deployer.kinds.base import Site
from deployer.kinds.composition import ComposedSite, Composition
from deployer.kinds.pooled import PooledSite
from deployer.kinds.publication import Publication
from deployer.kinds.service import Service
from deployer.values.auth import Auth
from deployer.values.backups import BackupChoice, Backups, ComposeBackup
from deployer.values.certificates import CertificateChoice
from deployer.values.keep import Keep
from deployer.values.mirrors import Mirror
from deployer.values.previews import Previews
from deployer.values.registries import Registry
from deployer.values.saved import FolderBackup
from deployer.values.section import Section
from deployer.values.shield import Shield, Threshold

# Models whose keys are told once, for all kinds that have them: below which heading.
SHARED: dict[type[Section], str] = {
    Site: "sites",
    Publication: "Keys of what is pushed",
    Composition: "Keys of everything in containers",
    ComposedSite: "Keys of containers with a domain",
    Service: "Keys of services with a template",
    PooledSite: "Keys of what runs on PHP",
}

BEGINNING = """# sites.yaml

Every key, made from the models by `scripts/reference`. [sites.yaml](../sites.yaml) has all of them in one
example. `deploy check` finds every mistake with its line and column, without asking the server; an editor
finds them while you type with `deploy schema`.

A key that is not known here is an error, so a misspelt one cannot be overlooked. Text needs no quotes:
a value is taken as it stands in the file, `1.10` and `no` included. Switches are `true` or `false`,
durations `90s`, `10m`, `2h` or `7d`, sizes `512K`, `200M` or `2G`. Anchors, aliases and `<<` work.
Paths of this machine begin at the folder of sites.yaml.

The file is the whole truth: what is not in it any more is taken off the server by the next `deploy apply`,
after the plan has shown it with a `-`. Never deleted are published files, volumes, databases, certificates
and logs, nor anything that `deploy` did not write.
"""


SECTIONS: dict[str, type[Section]] = {
    "server": Server,
    "acme": Acme,
    "docker": Docker,
    "docker.registries.NAME": Registry,
    "updates": Updates,
    "dns": Dns,
    "dns.zones.NAME": Keeper,
    "backups": Backups,
    "backups.folders.NAME": FolderBackup,
    "security": Security,
    **{f"security.{key}": model for key in fields(Security) if (model := section(Security, (key,)))},
}
HOME: dict[str, type[Section]] = {
    "home": Home,
    "home.notify": Notify,
    "home.s3": S3,
    "home.keep": Keep,
    "watch": Watch,
    "watch.notify": Channels,
    "watch.notify.email": Mail,
    "monitoring": Monitoring,
    "monitoring.gatus": Gatus,
    "monitoring.gatus.ntfy": GatusNtfy,
    "monitoring.uptime_kuma": UptimeKuma,
}


def reference() -> str:
    """The whole page in Markdown."""
    parts = [
        BEGINNING,
        part("##", "The file", Config),
        *(part("##", name, model) for name, model in SECTIONS.items()),
        *(part("##", name, model) for name, model in HOME.items()),
        part(
            "##",
            "keys",
            RestrictedKey,
            "Each has a name of its own, which the log tells: [keys.md](keys.md).",
        ),
        part("##", "sites", Site, "These keys are known to every kind."),
        *(site_part(kind, model) for kind, model in kinds().items()),
        part(
            "##",
            "services",
            Composition,
            "A service without a domain is written under services:.",
            fields(Composition),
        ),
        *(kind_part(kind, model) for kind, model in service_kinds().items()),
        part("##", SHARED[Publication], Publication, without=fields(Site)),
    ]
    for name in fields(Publication):
        if model := section(Publication, (name,)):
            parts.append(part("###", name, model))
    for model in (Composition, ComposedSite, Service, PooledSite):
        parts.append(part("##", SHARED[model], model, without=inherited(model)))
    parts.append(part("###", "certificate", CertificateChoice))
    parts.append(part("###", "auth", Auth))
    parts.append(part("###", "previews of static and hugo", Previews))
    parts.append(part("###", "shield", Shield))
    parts.append(part("###", "shield.auto", Threshold))
    parts.append(part("###", "mirrors.NAME of kind gitea", Mirror))
    parts.append(part("###", "backup", BackupChoice))
    parts.append(part("###", "backup of kind compose", ComposeBackup, without=fields(BackupChoice)))
    return "\n".join(parts)


def site_part(kind: str, model: type[Section]) -> str:
    """A kind of site; one that has two models is told once for each."""
    other = other_forms().get(kind)
    forms = [kind_part(f"{kind}, with `{other.chosen_by}`", other)] if other else []
    return "\n".join([kind_part(kind, model), *forms])


def kind_part(kind: str, model: type[Section]) -> str:
    """A kind with the keys of its own, and those that have another default for it."""
    parents = [title for parent, title in SHARED.items() if parent is not Site and issubclass(model, parent)]
    links = [f"[{title}](#{title.lower().replace(' ', '-')})" for title in parents]
    more = f"Also: {', '.join(links)}." if links else ""
    return part("###", f"kind: {kind}", model, more, without=inherited(model))


def inherited(model: type[Section]) -> set[str]:
    """The keys that are told elsewhere, with the same default and the same meaning."""
    own = fields(model)
    parents = [parent for parent in SHARED if parent is not model and issubclass(model, parent)]
    return {
        key for parent in parents for key, field in fields(parent).items() if told(field) == told(own[key])
    }


def told(field: Any) -> tuple[str, str]:
    """What a table says of a key."""
    return default(field), field.description


def part(level: str, title: str, model: type[Section], more: str = "", without: Any = ("kind",)) -> str:
    """The heading, the docstring and the table of keys of one model."""
    own = {key: field for key, field in fields(model).items() if key not in without and key != "kind"}
    words = " ".join([*(model.__doc__ or "").split(), more]).strip()
    lines = [f"{level} {title}", "", words, ""]
    if own:
        rows = [f"| `{key}` | {default(field)} | {field.description} |" for key, field in own.items()]
        lines += ["| Key | Default | Meaning |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def default(field: Any) -> str:
    """The default as it would be written in sites.yaml."""
    if field.is_required():
        return "**required**"
    value = field.default
    if isinstance(value, Section) or value in (None, "", (), {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
