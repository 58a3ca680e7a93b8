"""Passwords of sites: what NGINX compares is made on the server, of values that are in no plan."""

from typing import TYPE_CHECKING

from deployer.files import File
from deployer.kinds.publication import OF_FILES
from deployer.parts.rendering import script, system
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share
from deployer.values.previews import passwords_of

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts
    from deployer.values.secrets import Secret

FOLDER = "/etc/deploy/passwords"
HANDLERS = (
    Handler(
        f"{FOLDER}/*",
        Stage.READERS,
        live="make_passwords",
        says="make the passwords of sites",
        values="VISITOR_*",
    ),
)
REMOVABLE = (f"{FOLDER}/*",)


def share(config: "Config", facts: "Facts") -> Share:
    """Who may see which site, and with which password."""
    private = [(domain, domain, site.auth) for domain, site in sorted(config.sites.items()) if site.auth]
    private += [
        (passwords_of(domain), f"PREVIEWS.{domain}", site.previews.auth)
        for domain, site in sorted(config.of_kind(*OF_FILES).items())
        if site.previews and site.previews.auth
    ]
    if not private:
        return Share()
    from deployer.values.auth import password_name

    files: dict[str, File] = {**script("lib/composition/secrets")}
    values: dict[str, Secret] = {}
    for file, domain, auth in private:
        names = {user: password_name(domain, user) for user in auth.users}
        files[f"{FOLDER}/{file}"] = system("passwords", users=names)
        values |= {names[user]: secret for user, secret in auth.users.items()}
    return Share(files=files, secrets={f"{FOLDER}/.env": values}, packages=frozenset({"openssl"}))
