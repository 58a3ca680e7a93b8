"""Where a repository is on a Git forge, and whether a checkout is of it; pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, unquote, urlsplit

from deployer.values.repository import HERE, address_of

USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ForgeRepository:
    """A repository on a forge: `address` is where its web pages and its API are."""

    address: str
    owner: str
    name: str

    @property
    def host(self) -> str:
        """The host of the forge, whatever leads to it."""
        return urlsplit(self.address).hostname or ""

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read what is sent there."""
        return self.address.startswith("https://") or self.host in ("localhost", "127.0.0.1", "::1")

    @property
    def github(self) -> bool:
        """Whether this is GitHub, which wants other things than Gitea."""
        return self.address == "https://github.com"

    @property
    def file(self) -> str:
        """Where the workflow is in the repository."""
        return f"{'.github' if self.github else '.gitea'}/workflows/deploy.yml"

    def same(self, other: "ForgeRepository") -> bool:
        """Whether both are one repository; its web pages and its SSH have ports of their own."""
        return [self.host, self.owner.lower(), self.name.lower()] == [
            other.host,
            other.owner.lower(),
            other.name.lower(),
        ]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Whether a checkout is that of the site's repository, and where the repository is on a forge."""

    own: bool
    there: ForgeRepository | None


def whereabouts(
    repository: str,
    remotes: Sequence[str],
    server: Collection[str] = (),
    hosts: Mapping[str, str] = MappingProxyType({}),
) -> Whereabouts:
    """What a checkout with these remotes is to the repository; without an address, that is the checkout.

    An address for SSH does not tell where the web pages are: one of the same repository that does is better.
    `server` has the names of the server itself, `hosts` where the names lead that SSH knows by others.
    """
    there = on_a_forge(repository)
    same = [
        remote
        for remote in remotes
        if not repository
        or remote == repository
        or (there and (other := on_a_forge(remote)) and there.same(other))
        or _same_by_ssh(repository, remote, {*HERE, *server}, hosts)
    ]
    addresses = sorted([repository, *same], key=lambda each: not each.startswith("http"))
    found_there = (found for each in addresses if (found := on_a_forge(each)))
    return Whereabouts(bool(same) or not repository, next(found_there, None))


def _same_by_ssh(one: str, other: str, server: Collection[str], hosts: Mapping[str, str]) -> bool:
    """Whether both lead by SSH to one path of one machine; of the server, by any word."""
    urls = address_of(one), address_of(other)
    if not all(url and url.scheme == "ssh" for url in urls) or len({*map(_path, urls)}) > 1:
        return False
    names = [hosts.get(url.hostname or "", url.hostname or "") for url in urls if url]
    first, second = ("" if name in server else name for name in names)
    return first == second or (not (first and second) and "." not in f"{first}{second}")


def _path(url: SplitResult | None) -> str:
    """Where a repository is, whether that begins at the user's home or not."""
    path = unquote(url.path if url else "").strip("/").removeprefix("~/").removesuffix(".git")
    return path.removeprefix(f"home/{url.username}/") if url and url.username else path


def on_a_forge(repository: str) -> ForgeRepository | None:
    """Where a repository is by its address; None for a folder, or one that cannot be or lacks an owner."""
    url = address_of(repository)
    if url is None:
        return None
    *below, owner, name = ["", "", *map(unquote, url.path.strip("/").split("/"))]
    if not owner or not name:
        return None
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    if url.scheme == "ssh":
        return ForgeRepository(f"https://{host}", owner, name.removesuffix(".git"))
    port = f":{url.port}" if url.port not in (None, USUAL_PORTS[url.scheme]) else ""
    folder = "/".join(["", *filter(None, below)])
    return ForgeRepository(f"{url.scheme}://{host}{port}{folder}", owner, name.removesuffix(".git"))
