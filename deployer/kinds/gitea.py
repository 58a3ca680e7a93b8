"""Gitea: Git repositories, issues and Actions, by its own program on the server itself."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, field_validator

from deployer.files import File
from deployer.kinds.gitea_by_hand import remark
from deployer.kinds.proxied import ProxiedSite
from deployer.shares.backup import Backup, own_database
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share
from deployer.templates import render
from deployer.values.backups import BackupChoice, Choice
from deployer.values.mirrors import FOLDER as MIRRORS
from deployer.values.mirrors import Mirror, MirrorName, variable, with_addresses
from deployer.values.program import AtHome, Digest, Origin, Place, Sent, numbers, on_server
from deployer.values.secrets import Generated, Secret
from deployer.values.types import (
    Boolean,
    Email,
    Port,
    Size,
    TimeLimit,
    User,
    Version,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

FOLDER = "/etc/deploy/gitea"
USER = "git"
"""Whom it runs as, and whose database it is: what stands before the @ of every SSH address."""
HANDLERS = (
    # Before systemd is asked, which looks for the program of the unit
    Handler(
        f"{FOLDER}/*",
        Stage.LOOK,
        check="check_gitea",
        who="what fetches programs",
        says="have Gitea's program, and compare its SHA-256",
    ),
    # Before NGINX: at another port, it would lead visitors to nobody for long, or to another program
    Handler(
        f"{FOLDER}/*",
        Stage.PROGRAMS,
        live="run_gitea",
        says="run Gitea as its files say, until it is well",
    ),
)
REMOVABLE = (f"{FOLDER}/*",)
ENGINES = {"mariadb": "mariadb-server", "postgres": "postgresql"}


class Gitea(ProxiedSite):
    """Gitea on the server itself; the first user's password: deploy secret show NAME PASSWORD."""

    logins: ClassVar[frozenset[str]] = frozenset({USER})
    needed_by_pushes: ClassVar[bool] = True
    guard: ClassVar[str] = "gitea-guard"
    program: ClassVar[str] = "gitea"
    downloads: ClassVar[str] = "https://dl.gitea.com/gitea/{version}/gitea-{version}-linux-amd64"
    newest: ClassVar[tuple[str, ...]] = ("1.25.5", "1.26.4", "1.27.1")
    """The last patch of each minor version that its makers still looked after when this was written."""
    reserved: ClassVar[frozenset[str]] = frozenset({"admin", "api", "explore", "ghost", "user", "git"})

    kind: Literal["gitea"] = Field(description="what this site is")
    version: Version = Field(description="which version runs; another one is an upgrade, with the way back")
    sha256: Digest = Field(description="SHA-256 of its program, which is never run with another")
    binary: Origin = Field(
        "", description="its address, path on the server, or file beside sites.yaml; default: its makers'"
    )
    database: Literal["sqlite", "mariadb", "postgres"] = Field(
        "sqlite", description="what its database is; no password, the socket tells who asks"
    )
    data: Place = Field("", description="the folder of its data; default: data/ in its own folder")
    repositories: Place = Field(
        "", description="the folder of its repositories; default: repositories/ in `data`"
    )
    takes_over: Place = Field(
        "", description="app.ini of one that was set up by hand, whose secrets and database it goes on with"
    )
    owner: User = Field("owner", description="its first user, who administers it")
    email: Email = Field(description="the first user's address")
    port: Port = Field(3000, description="port on 127.0.0.1 where NGINX finds it")
    ssh_port: Port = Field(22, description="port of SSH in the addresses that it shows")
    registration: Boolean = Field(False, description="whether anyone may make an account")
    private: Boolean = Field(False, description="whether visitors without an account see nothing")
    actions: Boolean = Field(True, description="whether its Actions can be used")
    max_upload: Size = Field(
        written("512M"), description="largest push over HTTPS that is taken; 0 means no limit"
    )
    wait: TimeLimit = Field(
        written("5m"), description="how long it may take until it is well, before an upgrade is undone"
    )
    mirrors: dict[MirrorName, Mirror] = Field(
        {}, description="other Git hosts that repositories are pushed to, each by a name such as github"
    )
    backup: Choice = Field(BackupChoice(), description="how it is backed up; false: not at all")

    _with_addresses = field_validator("mirrors", mode="before")(with_addresses)

    @field_validator("owner")
    @classmethod
    def be_free(cls, owner: str) -> str:
        """Some names are Gitea's own."""
        if owner in cls.reserved:
            raise ValueError(f"{owner} is a name that {cls.program} keeps for itself: name another one")
        return owner

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, app.ini, what shall run, its unit and its user."""
        return {
            **self.leads(domain, facts),
            f"{FOLDER}/{domain}.ini": self.template("app.ini", domain),
            f"{FOLDER}/{domain}.conf": self.template("values.conf", domain),
            f"/etc/systemd/system/{self.unit(domain)}": self.template("service", domain),
            f"/etc/sysusers.d/deploy-{domain}.conf": self.template("user.conf", domain),
            **({f"{MIRRORS}/{domain}": self.template("mirrors", domain)} if self.mirrors else {}),
        }

    def template(self, name: str, domain: str) -> File:
        """A template of templates/gitea as a file."""
        return File(
            render(
                f"gitea/{name}",
                site=self,
                domain=domain,
                config=f"{FOLDER}/{domain}.ini",
                folder=self.folder(domain),
                data=self.data_folder(domain),
                repositories=self.repositories or f"{self.data_folder(domain)}/repositories",
                unit=self.unit(domain),
                origin=on_server(self.binary, self.sha256) or self.downloads.format(version=self.version),
                user=USER,
                detects=self.detects(),
                variable=variable,
            ).encode()
        )

    def sent(self, domain: str) -> tuple[Sent, ...]:
        """The program, where it is a file of this machine."""
        if not isinstance(self.binary, AtHome):
            return ()
        made = f"{self.folder(domain)}/bin/{self.program}-{self.version}-{self.sha256[:12]}"
        return (Sent(self.binary, self.sha256, f"{FOLDER}/{domain}.conf", made),)

    def data_folder(self, domain: str) -> str:
        """Where its uploads are, Git LFS, and the database if it is SQLite."""
        return self.data or f"{self.folder(domain)}/data"

    def before_it_answers(self, name: str, facts: "Facts") -> Share:
        """And what is known of one that was set up by hand."""
        found = remark(self, name, facts)
        return replace(super().before_it_answers(name, facts), remarks=((name, found),) if found else ())

    def detects(self) -> bool:
        """Whether it would take its own address from a visitor; older ones do not know what forbids it."""
        return self.program == "gitea" and numbers(self.version)[:2] >= (1, 26)

    def packages(self) -> frozenset[str]:
        """NGINX, Git, what fetches the program, and the database."""
        engine = ENGINES.get(self.database)
        return super().packages() | {"curl", "git", "jq", "sqlite3"} | ({engine} if engine else set())

    def unit(self, domain: str) -> str:
        """The unit that runs it."""
        return f"deploy-{self.program}-{domain}.service"

    def units(self, domain: str) -> frozenset[str]:
        """One."""
        return frozenset({self.unit(domain)})

    def secrets(self) -> dict[str, Secret]:
        """What the first user logs in with, and what mirrors are pushed with."""
        return {
            "PASSWORD": Generated(),
            **{variable(name): each.token for name, each in self.mirrors.items()},
        }

    def local_ports(self) -> tuple[int, ...]:
        """Where NGINX finds it."""
        return (self.port,)

    def probe(self, domain: str) -> str:
        """What tells whether it and its database are well."""
        return "/api/healthz"

    def backs_up(self) -> Backup:
        """Repositories, uploads, the database, and the secrets without which parts of it cannot be read."""
        elsewhere = filter(None, [self.repositories])
        paths = (self.data or "data", *elsewhere, "secrets", ".env", f"/home/{USER}/.ssh")
        if self.database == "sqlite":
            return Backup(paths=paths, owner=USER)
        dumped = own_database(self.database, USER)
        return Backup(paths=paths, dump=dumped.dump, load=dumped.load, owner=USER)
