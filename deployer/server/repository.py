"""A Git repository on this machine: what its names mean, and what is not committed."""

import os
import shlex
import subprocess
from functools import cache
from pathlib import Path

from deployer.errors import DeployError

SETTINGS = {"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}
"""What a repository inherits from the one around it, such as safe.directory; Git's submodules do so, too."""


def revision(path: str, reference: str) -> str:
    """The full name of the commit that a branch, tag or other name means; without one, that of HEAD."""
    try:
        name = git(path, "rev-parse", "--verify", "--end-of-options", f"{reference or 'HEAD'}^{{commit}}")
    except DeployError as error:
        if "Needed a single revision" not in error.message:
            raise
        if not reference:
            raise DeployError(f"{path} has no commit yet") from error
        branches = git(path, "for-each-ref", "--format=%(refname:short)", "refs/heads").decode().split()
        missing = f"no branch, tag or commit {reference}; its branches: {' '.join(branches)}"
        raise DeployError(f"{path} has {missing}") from error
    return name.decode().strip()


def require_submodules(path: str, commit: str) -> None:
    """Raise DeployError for a submodule of the revision that the server cannot fetch: one of this machine."""
    if not git(path, "ls-tree", "-z", commit, "--", ".gitmodules"):
        return
    written = git(path, "config", "--blob", f"{commit}:.gitmodules", "--list", "-z").decode().split("\0")
    values = dict(entry.split("\n", 1) for entry in written if "\n" in entry)
    for key, url in values.items():
        place = values.get(f"{key.removesuffix('.url')}.path", "")
        here = url.startswith("file:") or ":" not in url.partition("/")[0]
        if key.endswith(".url") and place and here and _is_submodule(path, commit, place):
            raise DeployError(
                f"{path}: the submodule {place} has the address {url}, which is of this machine: "
                "the server cannot fetch it",
                f"Give it a public one (git submodule set-url {shlex.quote(place)} https://…), or commit its "
                "files themselves.",
            )


def _is_submodule(path: str, commit: str, place: str) -> bool:
    return git(path, "ls-tree", "-z", commit, "--", f":(literal){place}").startswith(b"160000 ")


def uncommitted(path: str) -> bool:
    """Whether there are changes that no commit has."""
    return bool(git(path, "status", "--porcelain").strip())


def checkout_of(folder: Path) -> tuple[Path | None, list[str]]:
    """The checkout that this folder is in, and the addresses of its remotes; None where there is none."""
    try:
        top = Path(git(str(folder), "rev-parse", "--show-toplevel").decode().strip())
        names = git(str(folder), "remote").decode().split()
        return top, [git(str(folder), "remote", "get-url", name).decode().strip() for name in names]
    except DeployError:
        return None, []


def git(path: str, *arguments: str) -> bytes:
    """The output of a Git command in that repository; raises DeployError with Git's own words."""
    try:
        done = _run(path, arguments)
    except FileNotFoundError as error:
        raise DeployError("git is not installed here", "Install it: apt install git") from error
    if done.returncode:
        raise DeployError(f"{path}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def succeeds(path: str, *arguments: str) -> bool:
    """Whether a Git command in that repository ends well."""
    return not _run(path, arguments).returncode


def environment() -> dict[str, str]:
    """That of each Git command: without what tells it of the repository whose hook or alias runs us."""
    return {name: value for name, value in os.environ.items() if name not in _of_a_repository()}


def _run(path: str, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    argv = ["git", "-C", path, *arguments]
    return subprocess.run(argv, env=environment(), capture_output=True, check=False)


@cache
def _of_a_repository() -> frozenset[str]:
    """The variables by which Git is told of one repository, such as GIT_DIR."""
    listed = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, check=False)
    return frozenset(listed.stdout.decode().split()) - SETTINGS
