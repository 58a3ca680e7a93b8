"""WordPress: a site that is written in the browser, on PHP-FPM on the server itself."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from deployer.errors import DeployError
from deployer.files import File
from deployer.kinds.pooled import user_of
from deployer.kinds.pooled_archive import PooledArchive, fetching
from deployer.kinds.wordpress_by_hand import remark
from deployer.seen.releases import named, release_of
from deployer.shares.backup import Backup
from deployer.shares.handler import Handler, Stage
from deployer.values.program import Origin, Place
from deployer.values.secrets import Generated, Secret
from deployer.values.tables import DatabaseName, TablePrefix
from deployer.values.types import (
    Boolean,
    CronCommand,
    CronSchedule,
    MemoryLimit,
    TimeLimit,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts
    from deployer.shares.share import Share

PACKAGED = "/usr/share/wordpress"
"""Where the program of Debian's package is."""
EXTENSIONS = ("curl", "gd", "intl", "mbstring", "xml", "zip")
"""What WordPress itself asks for, besides that for its database."""
HANDLERS = (
    fetching("wordpress", "WordPress"),
    Handler("/etc/deploy/wordpress/*", Stage.LIMITS, live="make_wordpress", says="make WordPress sites"),
)
REMOVABLE = ("/etc/wordpress/config-*.php", "/etc/wordpress/before-*.php")


class Wordpress(PooledArchive):
    """WordPress of Debian's package or an archive; who sets it up: deploy secret show NAME SETUP."""

    writable: ClassVar[tuple[str, ...]] = ("wp-content",)
    walled_before: ClassVar[bool] = True

    kind: Literal["wordpress"] = Field(description="what this site is")
    archive: Origin = Field(
        "",
        description="archive of WordPress: an address, a path on the server, or a file beside sites.yaml; "
        "without it, Debian's package",
    )
    takes_over: Place = Field(
        "", description="folder of one that was set up by hand, whose wp-content it goes on with, where it is"
    )
    database: DatabaseName = Field(
        "", description="database of the one that it takes over; without it, that of its user"
    )
    table_prefix: TablePrefix = Field("wp_", description="what the names of its tables begin with")
    memory: MemoryLimit = Field(written("256M"), description="how much memory a request may use")
    cache: Boolean = Field(False, description="whether NGINX keeps pages for visitors who are not logged in")
    cache_time: TimeLimit = Field(written("1m"), description="how old a page that NGINX keeps may be")

    @model_validator(mode="after")
    def has_its_own_database(self) -> Self:
        """Or that of one of before."""
        if self.database and not self.takes_over:
            raise ValueError("database: is that of a WordPress which takes_over: names; else it has its own")
        return self

    @property
    def program(self) -> str:
        """Where its code is, which all sites of that archive or package share."""
        return self.unpacked() or PACKAGED

    def engine(self) -> str:
        """What WordPress knows."""
        return "mariadb"

    def served(self, values: dict[str, Any]) -> dict[str, Any]:
        """The program that all such sites share, and what is the site's own."""
        return {
            "template": "wordpress",
            "root": self.program,
            "home_of_links": self.program,
            "index": "index.php",
            "place": values["place"],
            "data": values["data"],
            "socket": values["socket"],
            "max_upload": values["max_upload"],
        }

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its configuration, and what it begins with."""
        values = {
            **self.values(domain),
            "program": self.program,
            "reach": self.reach(domain),
            "database": self.database_name(domain),
        }
        return {
            **super().files(domain, facts),
            self.prepended(domain): self.file("before.php", values),
            f"/etc/wordpress/config-{domain}.php": self.file("wordpress.php", values),
            f"/etc/deploy/wordpress/{domain}": self.file("wordpress", values),
        }

    def database_name(self, domain: str) -> str:
        """That of its user, or the one of before."""
        return self.database or super().database_name(domain)

    def place(self, domain: str) -> str:
        """Where its own wp-content is."""
        return self.takes_over or f"/var/www/{domain}"

    def own_files(self, domain: str) -> tuple[str, ...]:
        """What is its own of a folder that has an old program, too."""
        return (f"{self.takes_over}/wp-content",) if self.takes_over else super().own_files(domain)

    def folders(self, domain: str) -> list[tuple[str, str, str]]:
        """Where its PHP says that what NGINX keeps is of before, too."""
        user = user_of(domain)
        state = [(f"{self.folder(domain)}/pages", "0750", f"{user} {user}")] if self.cache else []
        return [*([] if self.takes_over else super().folders(domain)), *state]

    def code(self, domain: str) -> tuple[str, ...]:
        """That of the package, which leads to others, and what was added in the browser."""
        return (
            *self.own_files(domain),
            self.program,
            "/etc/wordpress",
            "/usr/share/javascript",
            "/etc/ssl/certs",
        )

    def prepended(self, domain: str) -> str:
        """What says what it may open."""
        return f"/etc/wordpress/before-{domain}.php"

    def all_jobs(self, domain: str) -> list[tuple[CronSchedule, CronCommand]]:
        """Its own clock, which no visitor waits for."""
        return [
            ("*/5 * * * *", f"HTTP_HOST={domain} php {self.program}/wp-cron.php"),
            *super().all_jobs(domain),
        ]

    def secrets(self) -> dict[str, Secret]:
        """What asks who sets it up, for whoever does that first has it."""
        return {"SETUP": Generated()}

    def backs_up(self) -> Backup:
        """What visitors' logins go by, too."""
        return Backup(paths=("data", "salts.php", ".env"))

    def before_it_answers(self, name: str, facts: "Facts") -> "Share":
        """PHP by its version, too: else that of Debian's package for Apache comes along; and its theme."""
        share, packages = super().before_it_answers(name, facts), {f"php{self.php(facts)}-fpm"}
        found = remark(self, name, facts)
        if not self.archive:
            theme = release_of(facts.os, facts.release).wordpress_theme
            if not theme:
                raise DeployError(
                    f"Which WordPress {named(facts.os, facts.release)} has is not known",
                    f"Write archive: and sha256: of {name} in sites.yaml.",
                )
            packages.add(f"wordpress-theme-{theme}")
        remarks = (*share.remarks, *([(name, found)] if found else []))
        return replace(share, packages=share.packages | packages, remarks=remarks)

    def packages(self) -> frozenset[str]:
        """Debian's package, and what it needs of PHP."""
        php = f"php{self.version or ''}"
        wanted = {f"{php}-{name}" for name in ("cli", *EXTENSIONS)}
        return super().packages() | wanted | (set() if self.archive else {"wordpress", "php"})
