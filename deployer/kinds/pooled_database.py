"""What runs on PHP-FPM and may have a database of its own on the server."""

from dataclasses import replace
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.kinds.pooled import PooledSite, user_of
from deployer.shares.backup import Backup, own_database

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

DATABASES = {"mariadb": ("mariadb-server", "mysql"), "postgres": ("postgresql", "pgsql")}
"""The package of each server of databases, and the extension of PHP for it."""


class PooledDatabase(PooledSite):
    """A site on PHP-FPM whose database, if it has one, is that of its user, who has no password."""

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """What asks for its database, too."""
        found = super().files(domain, facts)
        if self.engine():
            database = self.database_name(domain)
            values = {
                "domain": domain,
                "user": user_of(domain),
                "engine": self.engine(),
                "database": database,
            }
            found[f"/etc/deploy/databases/{domain}"] = self.file("database", values)
        return found

    def database_name(self, domain: str) -> str:
        """That of its user."""
        return user_of(domain) if self.engine() else ""

    def wanted_backup(self, name: str) -> Backup | None:
        """Its database, too."""
        kept = super().wanted_backup(name)
        if not kept or not self.engine():
            return kept
        user, other = user_of(name), self.database_name(name)
        database = own_database(self.engine(), user, "" if other == user else other)
        return replace(kept, dump=database.dump, load=database.load)

    def packages(self) -> frozenset[str]:
        """The server of databases, and what PHP needs for it."""
        server, extension = DATABASES.get(self.engine(), ("", ""))
        extension = f"php{self.version or ''}-{extension}" if extension else ""
        return super().packages() | {*filter(None, (server, extension))}
