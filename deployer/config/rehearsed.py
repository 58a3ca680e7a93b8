"""What a sites.yaml means for a throwaway VPS of `rehearse`: real names, and who watches them, stay away."""

from fnmatch import fnmatch
from pathlib import Path

from deployer.config.model import Config
from deployer.kinds.base import Site
from deployer.values.certificates import CertificateChoice

REAL = ("dns", "monitoring")
"""The sections whose changes are made elsewhere, at who keeps the names and monitors of the real server."""


def is_of_a_rehearsal(config: Config) -> bool:
    """Whether it is for a throwaway VPS, by the key that `rehearse` has handed over."""
    key = config.server.key if config.server else None
    return bool(key and fnmatch(Path(key).parent.name, ".vps-*"))


def without_real_names(config: Config) -> Config:
    """The same, with nothing by which a record, a monitor or a shield of the real server could change."""
    sites = {name: proved_at_port_80(site) for name, site in config.sites.items()}
    found = config.model_copy(update={**dict.fromkeys(REAL), "sites": sites})
    found._left_out = tuple(name for name in REAL if getattr(config, name) is not None)
    return found


def left_out(config: Config) -> tuple[str, ...]:
    """The sections that are written in its file, and that count for nothing on a throwaway VPS."""
    return config._left_out


def proved_at_port_80(site: Site) -> Site:
    """The same, with a certificate for which the test authority asks the VPS itself, and not the DNS."""
    changes: dict[str, object] = {"shield": None} if site.shield else {}
    if site.certificate.dns:
        changes["certificate"] = CertificateChoice()
        changes["aliases"] = tuple(name for name in site.aliases if not name.startswith("*."))
    return site.model_copy(update=changes) if changes else site
