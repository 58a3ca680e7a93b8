"""What runs on PHP-FPM on the server itself: a pool, a user and folders of its own."""

from typing import TYPE_CHECKING

from pydantic import Field

from deployer.errors import DeployError
from deployer.files import File
from deployer.kinds.base import Site
from deployer.kinds.virtual_host import virtual_host
from deployer.seen.releases import named, release_of
from deployer.templates import render
from deployer.values.quantities import size_text
from deployer.values.system_users import system_user
from deployer.values.types import (
    Count,
    MemoryLimit,
    PhpExtension,
    PhpFolder,
    PhpScript,
    PhpSettingName,
    PhpSettingValue,
    PhpVersion,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class PooledSite(Site):
    """A domain that PHP answers for, by a pool of PHP-FPM that runs as a user of its own."""

    root: PhpFolder | None = Field(
        None, description="folder of its files that visitors see, such as public; without it, all of them"
    )
    front: PhpScript | None = Field(
        None, description="PHP file that answers for every path without a file, such as index.php"
    )
    writable: tuple[PhpFolder, ...] = Field(
        (), description="folders of its files that PHP may write to, and where no PHP is run"
    )
    version: PhpVersion | None = Field(
        None, description="version of PHP, such as 8.3; without it, that of the distribution"
    )
    extensions: tuple[PhpExtension, ...] = Field(
        (), description="extensions of PHP by their packages' names, such as gd, intl and mbstring"
    )
    settings: dict[PhpSettingName, PhpSettingValue] = Field({}, description="settings of php.ini")
    memory: MemoryLimit = Field(written("128M"), description="how much memory a request may use")
    max_upload: MemoryLimit = Field(written("64M"), description="largest upload that is taken")
    processes: Count = Field(5, description="how many requests PHP answers at the same time")

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, its pool, its user and its folders."""
        version = self.php(facts)
        values = {
            "site": self,
            "domain": domain,
            "user": user_of(domain),
            "socket": socket_of(domain, version),
            "code": self.code(domain),
            "data": self.folder(domain),
            "memory": size_text(self.memory),
            "max_upload": size_text(self.max_upload),
        }
        return {
            **virtual_host(
                self,
                domain,
                facts,
                "php",
                policies=("headers", "caching"),
                root="/".join(filter(None, (f"/var/www/{domain}", self.root))),
                socket=values["socket"],
                max_upload=values["max_upload"],
                no_php=self.visible(self.writable),
            ),
            f"/etc/php/{version}/fpm/pool.d/{domain}.conf": _file("pool.conf", values),
            f"/etc/sysusers.d/deploy-php-{domain}.conf": _file("sysusers.conf", values),
            f"/etc/tmpfiles.d/deploy-php-{domain}.conf": _file("tmpfiles.conf", values),
        }

    def php(self, facts: "Facts") -> str:
        """The version of PHP that it runs on; raises DeployError where that is not known."""
        found = self.version or release_of(facts.os, facts.release).php
        if not found:
            raise DeployError(
                f"Which PHP {named(facts.os, facts.release)} has is not known",
                f"Write version: of the sites of kind {self.kind} in sites.yaml.",
            )
        return found

    def code(self, domain: str) -> tuple[str, ...]:
        """Where its PHP files are."""
        return (f"/var/www/{domain}",)

    def visible(self, folders: tuple[str, ...]) -> list[str]:
        """The paths of these folders in URLs, of those that visitors can see."""
        above = f"{self.root}/" if self.root else ""
        return [folder.removeprefix(above) for folder in folders if folder.startswith(above)]

    def packages(self) -> frozenset[str]:
        """NGINX, and PHP with what of it the site needs."""
        php = f"php{self.version or ''}"
        return super().packages() | {f"{php}-fpm", *(f"{php}-{name}" for name in self.extensions)}


def _file(template: str, values: dict[str, object]) -> File:
    return File(render(f"php/{template}", **values).encode())


def user_of(domain: str) -> str:
    """The user that the PHP of a site runs as."""
    return system_user("php", domain)


def socket_of(domain: str, version: str) -> str:
    """Where NGINX finds its pool; a path of a socket is short."""
    return f"/run/php/{version}-{user_of(domain)}.sock"
