"""Passwords of sites: what NGINX compares is made on the server, of values that are in no plan."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

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


class Asked(NamedTuple):
    """Where visitors are asked for a password: the list of who has one, and by what these are called."""

    key: str
    file: str
    owner: str
    users: "Mapping[str, Secret]"


def asked_for(config: "Config") -> Iterator[Asked]:
    """Everywhere that passwords are asked for: at sites, and at their previews."""
    for domain, site in sorted(config.sites.items()):
        if site.auth:
            yield Asked(f"auth: of {domain}", domain, domain, site.auth.users)
    for domain, site in sorted(config.of_kind(*OF_FILES).items()):
        if site.previews and (auth := site.previews.auth):
            yield Asked(f"previews: of {domain}", passwords_of(domain), f"PREVIEWS.{domain}", auth.users)


def share(config: "Config", facts: "Facts") -> Share:
    """Who may see which site, and with which password."""
    private = [*asked_for(config)]
    if not private:
        return Share()
    from deployer.values.auth import password_name

    files: dict[str, File] = {**script("lib/composition/secrets")}
    values: dict[str, Secret] = {}
    for asked in private:
        names = {user: password_name(asked.owner, user) for user in asked.users}
        files[f"{FOLDER}/{asked.file}"] = system("passwords", users=names)
        values |= {names[user]: secret for user, secret in asked.users.items()}
    return Share(files=files, secrets={f"{FOLDER}/.env": values}, packages=frozenset({"openssl"}))
