"""phpBB from its archive: a forum, on PHP-FPM on the server itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from deployer.files import File
from deployer.kinds.pooled_archive import PooledArchive, fetching
from deployer.shares.backup import Backup
from deployer.shares.handler import Handler, Stage
from deployer.values.program import Digest, Origin
from deployer.values.secrets import Generated, Secret
from deployer.values.types import CronCommand, CronSchedule, Email, EnvironmentValue, User

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

EXTENSIONS = ("cli", "curl", "gd", "intl", "mbstring", "xml", "zip")
"""What phpBB asks for, besides that for its database, and what its commands run with."""
HANDLERS = (
    fetching("phpbb", "phpBB"),
    # Behind databases and pools
    Handler("/etc/deploy/phpbb/*", Stage.SERVING, live="make_forums", says="set up forums, and upgrade them"),
)
REMOVABLE = ("/etc/phpbb/deploy-*.php",)


class PhpbbOnPhp(PooledArchive):
    """phpBB of this archive, on PHP-FPM; the password: deploy secret show NAME PASSWORD."""

    chosen_by: ClassVar[str] = "archive"

    kind: Literal["phpbb"] = Field(description="what this site is")
    archive: Origin = Field(
        description="archive of phpBB 3.3: its address, path on the server, or file beside sites.yaml"
    )
    sha256: Digest = Field(description="SHA-256 of the archive, of which nothing is run with another")
    title: EnvironmentValue = Field("Forum", description="what it is called; later, its own settings say it")
    email: Email = Field(description="address of the forum and of its first user; later, its own settings")
    user: User = Field("admin", description="who may change everything there; others sign up in the forum")

    @field_validator("user")
    @classmethod
    def be_of_phpbb(cls, user: str) -> str:
        """As phpBB wants them."""
        if not 3 <= len(user) <= 20:
            raise ValueError(f"{user} is no name for phpBB, whose users have 3 to 20 letters")
        return user

    def engine(self) -> str:
        """Where no password is needed."""
        return "mariadb"

    def served(self, values: dict[str, Any]) -> dict[str, Any]:
        """Its own copy of the program, and when nobody gets in."""
        return {
            "template": "phpbb",
            "root": values["place"],
            "home_of_links": values["place"],
            "index": "index.php",
            "data": values["data"],
            "socket": values["socket"],
            "max_upload": values["max_upload"],
        }

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Where its database is, and what it begins with."""
        values = {**self.values(domain), "configuration": self.configuration(domain)}
        return {
            **super().files(domain, facts),
            self.configuration(domain): self.file("phpbb.php", values),
            f"/etc/deploy/phpbb/{domain}": self.file("phpbb", values),
        }

    def configuration(self, domain: str) -> str:
        """What its config.php reads; it has no secret."""
        return f"/etc/phpbb/deploy-{domain}.php"

    def place(self, domain: str) -> str:
        """Where its program is, with the extensions, styles and languages that its owner adds."""
        return f"/var/www/{domain}"

    def by_hand(self, domain: str, facts: "Facts") -> Iterator[str]:
        """A forum that another file of NGINX has by this name."""
        for file, root, names in facts.by_hand.php_roots:
            if domain in names:
                yield (
                    f"{file} has the forum of {domain} in {root}, and ours begins empty, in"
                    f" {self.place(domain)}. Yours stays: docs/moving-in.md says how it is copied"
                )

    def code(self, domain: str) -> tuple[str, ...]:
        """All that, and its configuration."""
        return (self.place(domain), self.configuration(domain), "/etc/ssl/certs")

    def all_jobs(self, domain: str) -> list[tuple[CronSchedule, CronCommand]]:
        """Its own clock, which no visitor waits for, and which rests while an upgrade changes tables."""
        ready = f"test -e .program && test ! -e {self.folder(domain)}/unfinished || exit 0"
        return [
            ("*/5 * * * *", f"{ready}; php{self.version or ''} bin/phpbbcli.php cron:run --quiet"),
            *super().all_jobs(domain),
        ]

    def secrets(self) -> dict[str, Secret]:
        """What its first user logs in with; phpBB takes 30 letters at most."""
        return {"PASSWORD": Generated(24)}

    def backs_up(self) -> Backup:
        """What was uploaded, and the first password; the program with what was added comes by its place."""
        return Backup(paths=("data", ".env"))

    def packages(self) -> frozenset[str]:
        """What phpBB needs of PHP."""
        return super().packages() | {f"php{self.version or ''}-{name}" for name in EXTENSIONS}
