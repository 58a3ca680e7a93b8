"""DokuWiki: pages that everyone may edit, on PHP-FPM on the server itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from deployer.files import File
from deployer.kinds.pooled import PooledSite, user_of
from deployer.shares.backup import Backup
from deployer.shares.handler import Handler, Stage
from deployer.values.quantities import amount
from deployer.values.secrets import Generated, Secret
from deployer.values.types import EnvironmentValue, User

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

PROGRAM = "/usr/share/dokuwiki"
HANDLERS = (Handler("/etc/deploy/dokuwiki/*", Stage.LIMITS, live="make_wikis", says="make wikis"),)
REMOVABLE = ("/etc/dokuwiki/deploy-*.php",)


class Dokuwiki(PooledSite):
    """A wiki without a database, of Debian's package; the password: deploy secret show NAME PASSWORD."""

    kind: Literal["dokuwiki"] = Field(description="what this site is")
    title: EnvironmentValue = Field("Wiki", description="what it is called; later, its own settings say it")
    user: User = Field("admin", description="who may change everything there; others are added in the wiki")

    def served(self, values: dict[str, Any]) -> dict[str, Any]:
        """The program that all wikis share."""
        return {
            "template": "dokuwiki",
            "root": PROGRAM,
            "home_of_links": PROGRAM,
            "index": "doku.php",
            "socket": values["socket"],
            "max_upload": values["max_upload"],
        }

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Where its settings and pages are, and what it begins with."""
        values = {"site": self, "domain": domain, "user": user_of(domain), "data": self.folder(domain)}
        return {
            **super().files(domain, facts),
            self.prepended(domain): self.file("dokuwiki.php", values),
            f"/etc/deploy/dokuwiki/{domain}": self.file("dokuwiki", values),
        }

    def by_hand(self, domain: str, facts: "Facts") -> Iterator[str]:
        """Debian's own wiki."""
        if facts.by_hand.old_wiki:
            yield (
                f"the wiki in /var/lib/dokuwiki/data has {amount(facts.by_hand.old_wiki, 'page')}; that of"
                f" {domain} begins empty, in /opt/{domain}/data. Yours stays: docs/moving-in.md says how it"
                " is copied"
            )

    def code(self, domain: str) -> tuple[str, ...]:
        """Those of the package."""
        return (PROGRAM, "/var/lib/dokuwiki", "/etc/dokuwiki")

    def prepended(self, domain: str) -> str:
        """What says where this wiki is."""
        return f"/etc/dokuwiki/deploy-{domain}.php"

    def secrets(self) -> dict[str, Secret]:
        """What the first user logs in with."""
        return {"PASSWORD": Generated()}

    def backs_up(self) -> Backup:
        """Its pages with their history, its users and settings, and the first password."""
        return Backup(paths=("data", ".env"))

    def packages(self) -> frozenset[str]:
        """Debian's package, and what it needs of PHP."""
        php = f"php{self.version or ''}"
        return super().packages() | {"dokuwiki", f"{php}-cli", f"{php}-xml"}
