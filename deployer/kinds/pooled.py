"""What runs on PHP-FPM on the server itself: a pool, a user and folders of its own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from deployer.errors import DeployError
from deployer.files import File
from deployer.kinds.base import Site
from deployer.kinds.virtual_host import virtual_host
from deployer.seen.releases import named, release_of
from deployer.shares.backup import Backup
from deployer.shares.share import Share
from deployer.templates import rendered
from deployer.values.backups import BackupChoice, Choice
from deployer.values.php import calendar
from deployer.values.quantities import size_text
from deployer.values.system_users import system_user
from deployer.values.types import (
    Count,
    CronCommand,
    CronSchedule,
    MemoryLimit,
    PhpExtension,
    PhpSettingName,
    PhpSettingValue,
    PhpVersion,
    TimeLimit,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class PooledSite(Site):
    """A domain that PHP answers for, by a pool of PHP-FPM that runs as a user of its own."""

    walled_before: ClassVar[bool] = False
    """Whether the file that is prepended says what PHP may open, and not the pool."""

    version: PhpVersion | None = Field(
        None, description="version of PHP, such as 8.3; without it, that of the distribution"
    )
    extensions: tuple[PhpExtension, ...] = Field(
        (), description="extensions of PHP by their packages' names, such as gd, intl and mbstring"
    )
    settings: dict[PhpSettingName, PhpSettingValue] = Field({}, description="settings of php.ini")
    memory: MemoryLimit = Field(written("128M"), description="how much memory a request may use")
    max_upload: MemoryLimit = Field(written("64M"), description="largest upload that is taken")
    time: TimeLimit = Field(
        written("2m"), description="how long PHP may work on a request until it is stopped"
    )
    processes: Count = Field(5, description="how many requests PHP answers at the same time")
    jobs: dict[CronSchedule, CronCommand] = Field(
        {}, description="commands by when they are run, as cron has it, by the site's user beside its files"
    )
    backup: Choice = Field(BackupChoice(), description="how it is backed up; false: not at all")

    def share(self, name: str, facts: "Facts") -> Share:
        """The timers of its jobs, too: with them it does not run yet, nor is it stopped."""
        timers = frozenset(f"{job}.timer" for job in self.job_names(name))
        return replace(super().share(name, facts), units=timers)

    def runner(self, name: str) -> str:
        """A pool, which is asked and ended by its processes."""
        return "pool"

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, its pool, its user and its folders."""
        version = self.php(facts)
        values = {
            "site": self,
            "domain": domain,
            "user": user_of(domain),
            "socket": socket_of(domain, version),
            "place": self.place(domain),
            "reach": self.reach(domain),
            "folders": self.folders(domain),
            "prepended": self.prepended(domain),
            "data": self.folder(domain),
            "max_upload": size_text(self.max_upload),
        }
        return {
            **virtual_host(
                self, domain, facts, policies=("headers", "caching"), **{"release": "", **self.served(values)}
            ),
            f"/etc/php/{version}/fpm/pool.d/{domain}.conf": self.file(
                "pool.conf", values, memory=size_text(self.memory)
            ),
            f"/etc/sysusers.d/deploy-php-{domain}.conf": self.file("sysusers.conf", values),
            f"/etc/tmpfiles.d/deploy-php-{domain}.conf": self.file("tmpfiles.conf", values),
            **self._jobs(values),
        }

    def file(self, template: str, values: dict[str, Any], **more: object) -> File:
        """A template of templates/php as a file."""
        return rendered(f"php/{template}", **{**values, **more})

    def served(self, values: dict[str, Any]) -> dict[str, Any]:
        """The template of its NGINX file, and what stands there."""
        raise NotImplementedError

    def place(self, domain: str) -> str:
        """Where it has files of its own for visitors, and its jobs run; empty where it has none."""
        return ""

    def code(self, domain: str) -> tuple[str, ...]:
        """Where its PHP files are."""
        raise NotImplementedError

    def reach(self, domain: str) -> str:
        """What PHP's own functions may open, as open_basedir has it."""
        shared = ("/usr/share/php", "/usr/local/lib/deploy/lib/opcache")
        return ":".join((*self.code(domain), self.folder(domain), *shared))

    def folders(self, domain: str) -> list[tuple[str, str, str]]:
        """The folders of its files, each with its mode and owner."""
        place, user = self.place(domain), user_of(domain)
        writable = [(f"{place}/{each}", "0750", f"{user} {user}") for each in getattr(self, "writable", ())]
        return [(place, "0750", f"root {user}"), *writable] if place else []

    def prepended(self, domain: str) -> str:
        """The PHP file that is run before each of its own, if there is one."""
        return ""

    def engine(self) -> str:
        """What its database is; empty where it has none."""
        return ""

    def by_hand(self, domain: str, facts: "Facts") -> Iterator[str]:
        """Where its files are until now, and as whom its PHP does not run any more."""
        return iter(())

    def database_name(self, domain: str) -> str:
        """Its database on the server, if it has one."""
        return ""

    def _jobs(self, values: dict[str, Any]) -> dict[str, File]:
        found = {}
        jobs = zip(self.job_names(values["domain"]), self.all_jobs(values["domain"]), strict=True)
        for number, (name, (when, command)) in enumerate(jobs, 1):
            own = {**values, "name": name, "number": number, "when": calendar(when)}
            own |= {"written": when, "command": command}
            found[f"/etc/deploy/jobs/{name}"] = self.file("job", own)
            for unit in ("service", "timer"):
                found[f"/etc/systemd/system/{name}.{unit}"] = self.file(f"job.{unit}", own)
        return found

    def job_names(self, domain: str) -> list[str]:
        """What its jobs are called, as units of systemd."""
        return [f"deploy-job-{domain}-{number}" for number in range(1, len(self.all_jobs(domain)) + 1)]

    def all_jobs(self, domain: str) -> list[tuple[CronSchedule, CronCommand]]:
        """When what is run: those of its kind, and those of sites.yaml."""
        return [*self.jobs.items()]

    def backs_up(self) -> Backup:
        """What PHP keeps out of the sight of visitors; the rest goes by the name of the site."""
        return Backup(paths=("data",))

    def wanted_backup(self, name: str) -> Backup | None:
        """Its own files, too."""
        kept = super().wanted_backup(name)
        if not kept:
            return None
        return replace(kept, paths=(*kept.paths, *self.own_files(name)), owner=user_of(name))

    def own_files(self, domain: str) -> tuple[str, ...]:
        """Where its files are that nobody has but this server."""
        return tuple(filter(None, [self.place(domain)]))

    def php(self, facts: "Facts") -> str:
        """The version of PHP that it runs on; raises DeployError where that is not known."""
        found = self.version or release_of(facts.os, facts.release).php
        if not found:
            raise DeployError(
                f"Which PHP {named(facts.os, facts.release)} has is not known",
                f"Write version: of the sites of kind {self.kind} in sites.yaml.",
            )
        return found

    def packages(self) -> frozenset[str]:
        """NGINX, and PHP with what of it the site needs."""
        php = f"php{self.version or ''}"
        wanted = {f"{php}-fpm", *(f"{php}-{name}" for name in self.extensions)}
        return super().packages() | wanted | ({f"{php}-cli"} if self.jobs else set())


def user_of(domain: str) -> str:
    """The user that the PHP of a site runs as."""
    return system_user("php", domain)


def socket_of(domain: str, version: str) -> str:
    """Where NGINX finds its pool; a path of a socket is short."""
    return f"/run/php/{version}-{user_of(domain)}.sock"
