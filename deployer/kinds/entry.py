"""What every site and every service can want of a server."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from deployer.files import File
from deployer.shares.backup import Backup
from deployer.shares.share import Share
from deployer.values.backups import BackupChoice
from deployer.values.section import Section

if TYPE_CHECKING:
    from deployer.seen.facts import Facts
    from deployer.values.program import Sent
    from deployer.values.secrets import Secret


class Entry(Section):
    """A site or a service. NAME is the domain, or the name of a service without one."""

    logins: ClassVar[frozenset[str]] = frozenset()
    """Users of the system that it has made, as whom others come in by SSH."""
    needed_by_pushes: ClassVar[bool] = False
    """Whether others are pushed from what it has: after a disaster it comes back first."""
    chosen_by: ClassVar[str] = ""
    """The key that makes a site of this kind one of this model, where it has another without that key."""
    guard: ClassVar[str] = ""
    """The program of bin/ that ends what was cut off of it, of what runs as units."""

    if TYPE_CHECKING:
        kind: str

    @property
    def pushed(self) -> bool:
        """Whether `deploy push` publishes something here."""
        return False

    def share(self, name: str, facts: "Facts") -> Share:
        """What it wants of a server that has its certificate, if it wants one."""
        backup, variables = self.wanted_backup(name), self.variables()
        return replace(
            self.before_it_answers(name, facts),
            files=self.files(name, facts),
            units=self.units(name),
            users=self.users(name),
            secrets={self.env_file(name): variables} if variables else {},
            backups={name: backup} if backup else {},
            sent=self.sent(name),
        )

    def before_it_answers(self, name: str, facts: "Facts") -> Share:
        """What it wants of a server that does not have its certificate yet."""
        ports = frozenset(self.local_ports())
        return Share(
            packages=self.packages(),
            ports={name: ports} if ports else {},
            remarks=tuple((name, f"{name}: {remark}") for remark in self.remarks()),
        )

    def files(self, name: str, facts: "Facts") -> dict[str, File]:
        """What it puts on the server, by path."""
        raise NotImplementedError

    def sent(self, name: str) -> "tuple[Sent, ...]":
        """The files of this machine that the server is to have before it runs, each once."""
        return ()

    def packages(self) -> frozenset[str]:
        """The Debian packages that it needs."""
        return frozenset()

    def units(self, name: str) -> frozenset[str]:
        """The units of systemd that it starts, now and whenever the server does."""
        return frozenset()

    def runner(self, name: str) -> str:
        """What it runs as: `compose`, `systemd`, `pool`, or nothing, where nothing can be stopped."""
        return "systemd" if self.units(name) else ""

    def users(self, name: str) -> dict[str, str]:
        """The users of the system that are its own, each with what it is for."""
        return {}

    def folder(self, name: str) -> str:
        """Where its data is on the server."""
        return f"/opt/{name}"

    def env_file(self, name: str) -> str:
        """The path of what has its secrets: root's alone, NAME='VALUE' a line."""
        return f"{self.folder(name)}/.env"

    def variables(self) -> "dict[str, Secret]":
        """The values in its .env, by name."""
        return self.secrets()

    def secrets(self) -> "dict[str, Secret]":
        """Its secrets, and other values for its .env, by name."""
        return {}

    def backs_up(self) -> Backup:
        """What its kind keeps of it."""
        return Backup()

    def wanted_backup(self, name: str) -> Backup | None:
        """What to keep of it, as sites.yaml wants it; None when there is nothing to keep."""
        kind, choice = self.backs_up(), getattr(self, "backup", BackupChoice())
        if kind.empty or not choice.wanted:
            return None
        stopped = choice.consistency != "live"
        return replace(
            kind,
            exclude=(*kind.exclude, *choice.exclude),
            consistency=choice.consistency or kind.consistency,
            stop=tuple(sorted(self.units(name))) if stopped else (),
            folder=self.folder(name),
        )

    def local_ports(self) -> tuple[int, ...]:
        """The ports on 127.0.0.1 that it takes."""
        return ()

    def public_ports(self) -> tuple[str, ...]:
        """The ports that anyone can reach, such as `51820/udp`."""
        return ()

    def remarks(self) -> tuple[str, ...]:
        """What a person should know of it before it runs."""
        return ()
