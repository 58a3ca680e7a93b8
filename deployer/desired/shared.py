"""What a server gets once, whatever the number of its sites."""

from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.seen.facts import Facts
from deployer.templates import render

if TYPE_CHECKING:
    from deployer.config.model import Config

POLICIES = ("acme", "caching", "compression", "headers", "proxy", "static", "tls")
SCRIPTS = "/usr/local/lib/deploy"
MADE_BY = f"{SCRIPTS}/version"
"""Of the deploy that made the server what it is: an older one leaves it alone."""
UNITS = "/etc/systemd/system"


def shared_files(config: "Config", facts: Facts) -> dict[str, File]:
    """The files that belong to no single site, by path; only those that these sites need."""
    pushed = bool(config.backups or config.keys) or any(entry.pushed for entry in config.everything.values())
    return {
        **nginx_files(facts),
        **undo_files(),
        MADE_BY: File(f"{own_version()}\n".encode()),
        "/etc/systemd/system/nginx.service.d/deploy.conf": system("nginx.service.conf"),
        "/etc/tmpfiles.d/deploy.conf": system("tmpfiles.conf", pushed=pushed),
        **(certbot_files(config) if any(site.https for site in config.sites.values()) else {}),
        **(push_files() if pushed else {}),
    }


@cache
def own_version() -> str:
    """The version of the package."""
    return version("vps-deployer")


def undo_files() -> dict[str, File]:
    """What undoes a change that locks out, and at the next start what a power cut has left half-done."""
    return {
        f"{SCRIPTS}/undo": File(scripts()["undo"], mode=0o755),
        f"{UNITS}/deploy-undo-at-start.service": system("undo.service"),
        f"{UNITS}/multi-user.target.d/deploy.conf": system("undo-at-start.conf"),
    }


def nginx_files(facts: Facts) -> dict[str, File]:
    """The maps and catch-all servers, and the policies that sites include, in their `nginx:` lines too."""
    return {
        "/etc/nginx/conf.d/00-deploy.conf": rendered("nginx/00-deploy.conf", facts=facts),
        **{
            f"/etc/nginx/deploy/{policy}.conf": rendered(f"nginx/policies/{policy}.conf", facts=facts)
            for policy in POLICIES
        },
    }


def certbot_files(config: "Config") -> dict[str, File]:
    """The reload after a renewal, and the CA of a private ACME server."""
    hook = "/etc/letsencrypt/renewal-hooks/deploy/deploy-reload-nginx"
    found = {hook: system("reload-nginx", mode=0o755)}
    if config.acme.ca_certificate:
        found["/etc/deploy/acme-ca.pem"] = File(config.acme.ca_certificate.encode())
        found["/etc/systemd/system/certbot.service.d/deploy.conf"] = system("certbot.service.conf")
    return found


RENEWAL = frozenset(
    {
        "/etc/deploy/acme-ca.pem",
        "/etc/letsencrypt/renewal-hooks/deploy/deploy-reload-nginx",
        "/etc/systemd/system/certbot.service.d/deploy.conf",
    }
)
"""What the renewal of a certificate needs, as long as there is one."""


def push_files() -> dict[str, File]:
    """The scripts that publish, and their log's rotation."""
    return {
        **{f"{SCRIPTS}/{name}": File(content, mode=0o755) for name, content in scripts().items()},
        "/etc/logrotate.d/deploy": system("logrotate"),
    }


@cache
def scripts() -> dict[str, bytes]:
    """The constant scripts of the package, by path below their folder."""
    return dict(sorted(_below(files("deployer") / "server" / "scripts")))


def _below(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def system(name: str, mode: int = 0o644, **values: object) -> File:
    """A file of templates/system."""
    return rendered(f"system/{name}", mode, **values)


def rendered(template: str, mode: int = 0o644, **values: object) -> File:
    """A template as a file."""
    return File(render(template, **values).encode(), mode)
