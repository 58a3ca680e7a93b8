"""PHP: any program of it, on PHP-FPM on the server itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from deployer.files import File
from deployer.kinds.base import Site
from deployer.kinds.pooled import user_of
from deployer.kinds.pooled_database import PooledDatabase
from deployer.kinds.publication import Publication
from deployer.values.names import variable_name
from deployer.values.types import PhpFolder, PhpScript, Repository

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

_OF_PUSHES = frozenset(Publication.model_fields) - frozenset(Site.model_fields)
"""What is said of a push."""


class Php(PooledDatabase, Publication):
    """PHP on the server itself, with a pool and a user of its own; its files come by pushes, or by hand."""

    kind: Literal["php"] = Field(description="what this site is")
    repository: Repository = Field(
        "",
        validate_default=False,
        description="Git repository that is pushed; without it, its files are put there by hand",
    )
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

    @model_validator(mode="after")
    def says_where_it_comes_from(self) -> Self:
        """What a push does is said of what is pushed alone, and of what it writes to nothing twice."""
        if not self.pushed and (odd := sorted(self.model_fields_set & _OF_PUSHES)):
            raise ValueError(f"{odd[0]}: is for what comes from a repository: write repository:, too")
        inside = [
            (each, other) for each in self.writable for other in self.writable if each.startswith(f"{other}/")
        ]
        if self.pushed and inside:
            raise ValueError("writable: {} is inside {}: write only the one around it".format(*inside[0]))
        if "images" in self.model_fields_set:
            raise ValueError("images: is not for PHP, whose files NGINX sends as they are")
        return self

    @property
    def front_page(self) -> str:
        """The program that answers for /."""
        return "/".join(filter(None, (self.root, self.front or "index.php")))

    def served(self, values: dict[str, Any]) -> dict[str, Any]:
        """Its files, and where none of them is run."""
        above = f"{self.root}/" if self.root else ""
        return {
            "template": "php",
            "root": "/".join(filter(None, (values["place"], self.root))),
            "home_of_links": values["place"],
            "release": "deploy_release_" + variable_name(values["domain"]) if self.pushed else "",
            "socket": values["socket"],
            "max_upload": values["max_upload"],
            "no_php": [folder.removeprefix(above) for folder in self.writable if folder.startswith(above)],
        }

    def engine(self) -> str:
        """The one that it asks for."""
        return "" if self.database == "none" else self.database

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """What is pushed has more."""
        return super().files(domain, facts) | (self.published(domain) if self.pushed else {})

    def more_values(self, domain: str) -> dict[str, object]:
        """Who its PHP is, and where that writes."""
        return {"php_user": user_of(domain), "written": self.written(domain)}

    def place(self, domain: str) -> str:
        """Where its owner puts its files."""
        return f"/var/www/{domain}"

    def by_hand(self, domain: str, facts: "Facts") -> Iterator[str]:
        """Files in another folder, and those of the user of all PHP; what is pushed comes anew."""
        if self.pushed:
            return
        place, user = self.place(domain), user_of(domain)
        for file, root, names in facts.by_hand.php_roots:
            if domain in names and not f"{root}/".startswith(f"{place}/"):
                yield (
                    f"{file} has the files of {domain} in {root}, and this apply serves {place}, and"
                    " leaves yours where they are. Copy them before:"
                    f" rsync -a --chown=root:root {root}/ {place}/"
                )
        if domain in facts.by_hand.php_of_nginx:
            yield (
                f"{place} has files of www-data, as whom the PHP of {domain} does not run any more: it may"
                " read those that everyone may, and write to none. After the apply:"
                f" chown -R root:{user} {place}, and what is writable: to {user}"
            )

    def code(self, domain: str) -> tuple[str, ...]:
        """The same, where they may still be by hand; and its releases, which outlive a switch."""
        return (self.place(domain), *(self.of_releases(domain) if self.pushed else ()))

    def of_releases(self, domain: str) -> tuple[str, str]:
        """Where its releases are, and what they share."""
        return f"/srv/deploy/{domain}/releases", self.written(domain)

    def own_files(self, domain: str) -> tuple[str, ...]:
        """Its files, or what its releases share; these themselves are in Git."""
        return (self.written(domain),) if self.pushed else super().own_files(domain)

    def written(self, domain: str) -> str:
        """Where the folders are that its releases share."""
        return f"{self.folder(domain)}/writable"

    def folders(self, domain: str) -> list[tuple[str, str, str]]:
        """Its releases, which its PHP and NGINX read, and what these share; each with its mode and owner."""
        if not self.pushed:
            return super().folders(domain)
        user = user_of(domain)
        found = {f"/srv/deploy/{domain}": ("0755", "root root")}
        found |= dict.fromkeys(self.of_releases(domain), ("0750", f"root {user}"))
        for folder in self.writable:
            *above, last = folder.split("/")
            for at in range(len(above)):
                found["/".join([self.written(domain), *above[: at + 1]])] = ("0750", f"root {user}")
            found["/".join([self.written(domain), *above, last])] = ("0750", f"{user} {user}")
        return [(path, *values) for path, values in found.items()]
