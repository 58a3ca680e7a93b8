"""What a server says of itself, and what follows from it for the files that it gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from deployer.seen.by_hand import ByHand
from deployer.seen.failures import Failure
from deployer.seen.packaging import Additions, Packaging
from deployer.seen.releases import (
    BROTLI_FILTER,
    BROTLI_MODULE,
    OLDEST_NGINX,
    OLDEST_OPENSSL,
    Release,
    Version,
    release_of,
)
from deployer.seen.stacks import Stack
from deployer.seen.ufw import UfwState


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that is on the server; `expires` is Unix time, `server` the ACME directory it is from.

    `drops_names`: a renewal leaves out names that the authority refuses at that moment, for ever.
    `proved_by_dns`: it renews by our own records in the DNS.
    """

    names: frozenset[str]
    expires: int
    issuer: str
    server: str = ""
    authenticator: str = ""
    drops_names: bool = False
    proved_by_dns: bool = False

    def covers(self, name: str) -> bool:
        """Whether a browser that asks for this name accepts the certificate."""
        return name in self.names or "*." + name.partition(".")[2] in self.names


class Setting(NamedTuple):
    """A line KEY = VALUE of a file of the server, and the section of the file that it is in."""

    file: str
    section: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of NGINX and Docker, as far as they are otherwise than their packages say.

    `outdated` has the version that still runs of `nginx` and `docker`, where it has been replaced since it
    was started. `foreign_nginx`: it is of a package that the distribution's modules do not fit.
    `docker_client`: the program `docker` is there, without which nobody can speak to the Engine.
    """

    outdated: Mapping[str, Version] = field(default_factory=dict)
    foreign_nginx: bool = False
    docker_client: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """A server at one moment. `packages` are those that are installed, or will be first.

    Answers to questions of parts and kinds (shares/question.py) are `versions`, by the name of what has
    one, `units`, with "active enabled" and the like, `there` and `missing`, of paths, and of units that
    systemd does not know, and `settings`, the lines of files. `taken_names` has the NGINX file of each
    server name that a person wrote by hand, `now` is Unix time. `docker_repository` is a file of apt with
    Docker's own repository that a person wrote, `codename` the release's name. `ssh_ports` are those where
    sshd listens, `ssh_configured` those of its files, where it goes when it is reloaded, `ssh_ours` is the
    one that we came through. `ssh_socket`: systemd listens for sshd, whose files name the ports
    `ssh_unheard`, and open nothing by it. `armed` is when a change that no new login has proved good yet
    will be undone, in Unix time. `ufw_was_off`: it was deploy that turned UFW on. `accounts` are all users,
    `logins` those who have a shell and a key to log in with. `stacks` is what runs in containers of Docker
    Compose, by the project's name, as far as `engine` says that Docker answers. `brought_up` are the
    compositions that were up once, `stopped` those that `deploy stop` has stopped, with the Unix time,
    `failed` those that an apply could not bring up, `owed` the names and projects of those that an apply
    could not end. `listening` are the ports at which 127.0.0.1 answers, none where that is not known.
    `by_hand` is what a person has set up beside ours. `programs` is how those of NGINX and Docker are
    otherwise than their packages say. `packaging` is what apt and dpkg are about, `additions` what apt
    would do besides to install what is missing. `mirrors` is what of a Gitea's mirrors is otherwise than
    their file says, by its domain. `registries` says of each that root's `docker` logs in to what that login
    is: ours, changed or gone since we wrote it, or by-hand. `addresses` are those with which it goes to
    others, where that is asked. `shieldable` are the sites that Cloudflare can stand before: that is added
    of sites.yaml, as `shown` are, which are folders of other sites, too.
    """

    os: str
    release: str
    ipv6: bool = True
    packages: frozenset[str] = frozenset()
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    taken_names: Mapping[str, str] = field(default_factory=dict)
    now: int = 0
    docker_repository: str = ""
    codename: str = ""
    ssh_ports: tuple[int, ...] = ()
    ssh_configured: tuple[int, ...] = ()
    ssh_ours: int = 0
    ssh_socket: bool = False
    ssh_unheard: tuple[int, ...] = ()
    ufw: UfwState | None = None
    ufw_was_off: bool = False
    armed: int = 0
    accounts: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    settings: tuple[Setting, ...] = ()
    stacks: Mapping[str, Stack] = field(default_factory=dict)
    owed: tuple[tuple[str, str], ...] = ()
    listening: frozenset[int] = frozenset()
    engine: bool = False
    brought_up: frozenset[str] = frozenset()
    stopped: Mapping[str, float] = field(default_factory=dict)
    failed: Mapping[str, Failure] = field(default_factory=dict)
    by_hand: ByHand = field(default_factory=ByHand)
    programs: Programs = field(default_factory=Programs)
    packaging: Packaging = field(default_factory=Packaging)
    additions: Additions = field(default_factory=Additions)
    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    registries: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    shieldable: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()

    @property
    def known(self) -> Release:
        """What is known of its release."""
        return release_of(self.os, self.release)

    def having(self, **versions: Version | None) -> "Facts":
        """The facts of a server that has these versions; None: not this one."""
        known = {**self.versions, **versions}
        return replace(self, versions={name: found for name, found in known.items() if found})

    @property
    def nginx(self) -> Version | None:
        """The version of NGINX that is installed."""
        return self.versions.get("nginx")

    @property
    def openssl(self) -> Version:
        """The version of OpenSSL that NGINX uses."""
        return self.versions.get("openssl", OLDEST_OPENSSL)

    @property
    def docker(self) -> Version | None:
        """The version of Docker's Engine."""
        return self.versions.get("docker")

    @property
    def compose(self) -> Version | None:
        """The version of Docker's plugin Compose v2."""
        return self.versions.get("compose")

    @property
    def nginx_version(self) -> Version:
        """The version that is installed; before that, the one that this release has."""
        return self.nginx or self.known.nginx or OLDEST_NGINX

    @property
    def http2_directive(self) -> bool:
        """Whether HTTP/2 is a directive of its own; older versions know it as an option of `listen`."""
        return self.nginx_version >= (1, 25, 1)

    @property
    def http3(self) -> bool:
        """Whether NGINX has HTTP/3; older versions refuse to start with it."""
        return self.nginx_version >= (1, 25, 1)

    @property
    def tls_listen(self) -> str:
        """The options of a `listen` for HTTPS."""
        return "ssl" if self.http2_directive else "ssl http2"

    @property
    def post_quantum(self) -> bool:
        """Whether OpenSSL has the key exchange X25519MLKEM768; others refuse to start with it."""
        return self.openssl >= (3, 5, 0)

    @property
    def brotli(self) -> bool:
        """Whether NGINX can serve .br files."""
        return BROTLI_MODULE in self.packages and not self.programs.foreign_nginx

    @property
    def brotli_filter(self) -> bool:
        """Whether NGINX can compress by Brotli what it sends."""
        return BROTLI_FILTER in self.packages and not self.programs.foreign_nginx
