"""PHP: any program of it, on PHP-FPM on the server itself."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from deployer.files import File
from deployer.kinds.pooled import PooledSite, user_of
from deployer.shares.backup import Backup, own_database
from deployer.values.types import PhpFolder, PhpScript

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

DATABASES = {"mariadb": ("mariadb-server", "mysql"), "postgres": ("postgresql", "pgsql")}
"""The package of each server of databases, and the extension of PHP for it."""


class Php(PooledSite):
    """PHP on the server itself, with a pool and a user of its own; its files stand in /var/www/DOMAIN."""

    kind: Literal["php"] = Field(description="what this site is")
    root: PhpFolder | None = Field(
        None, description="folder of its files that visitors see, such as public; without it, all of them"
    )
    front: PhpScript | None = Field(
        None, description="PHP file that answers for every path without a file, such as index.php"
    )
    writable: tuple[PhpFolder, ...] = Field(
        (), description="folders of its files that PHP may write to, and where no PHP is run"
    )
    database: Literal["mariadb", "postgres", "none"] = Field(
        "none", description="mariadb or postgres: a database of its own on the server, without a password"
    )

    def served(self, values: dict[str, Any]) -> dict[str, Any]:
        """Its files, and where none of them is run."""
        above = f"{self.root}/" if self.root else ""
        return {
            "template": "php",
            "root": "/".join(filter(None, (values["place"], self.root))),
            "home_of_links": values["place"],
            "socket": values["socket"],
            "max_upload": values["max_upload"],
            "no_php": [folder.removeprefix(above) for folder in self.writable if folder.startswith(above)],
        }

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """What asks for its database, too."""
        found = super().files(domain, facts)
        if self.database != "none":
            values = {"domain": domain, "user": user_of(domain), "engine": self.database}
            found[f"/etc/deploy/databases/{domain}"] = self.file("database", values)
        return found

    def place(self, domain: str) -> str:
        """Where its owner puts its files."""
        return f"/var/www/{domain}"

    def code(self, domain: str) -> tuple[str, ...]:
        """The same."""
        return (self.place(domain),)

    def database_name(self, domain: str) -> str:
        """That of its user."""
        return "" if self.database == "none" else user_of(domain)

    def wanted_backup(self, name: str) -> Backup | None:
        """Its database, too."""
        kept = super().wanted_backup(name)
        if not kept or self.database == "none":
            return kept
        database = own_database(self.database, user_of(name))
        return replace(kept, dump=database.dump, load=database.load)

    def packages(self) -> frozenset[str]:
        """The server of databases, and what PHP needs for it."""
        server, extension = DATABASES.get(self.database, ("", ""))
        extension = f"php{self.version or ''}-{extension}" if extension else ""
        return super().packages() | {*filter(None, (server, extension))}
