"""A Git repository on this machine, sent to the server as a bundle over the connection that is open."""

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from deployer.errors import DeployError

NAME = "refs/heads/push"
"""The one ref that the bundle has."""

UNSHALLOW = "Fetch the others there: git fetch --unshallow (in a workflow's checkout: fetch-depth: 0)"


def bundle(path: str, reference: str, have: Iterable[str]) -> bytes:
    """A Git bundle of the revision (default HEAD), without the commits that the server has already.

    The user's repository is only read: the ref that a bundle needs is made in a borrowed one.
    """
    commit = revision(path, reference)
    there = [name for name in have if _succeeds(path, "cat-file", "-e", f"{name}^{{commit}}")]
    if any(_succeeds(path, "merge-base", "--is-ancestor", commit, name) for name in there):
        there = git(path, "rev-parse", f"{commit}^@").decode().split()  # Git refuses an empty bundle
    objects = git(path, "rev-parse", "--path-format=absolute", "--git-path", "objects").decode().strip()
    with tempfile.TemporaryDirectory(prefix="deploy-") as borrowed:
        git(borrowed, "init", "--quiet", "--bare")
        (Path(borrowed) / "objects/info/alternates").write_text(objects + "\n")
        git(borrowed, "update-ref", NAME, commit)
        try:
            return git(borrowed, "bundle", "create", "--quiet", "-", NAME, "--not", *there)
        except DeployError as error:
            if git(path, "rev-parse", "--is-shallow-repository").strip() == b"true":
                raise DeployError(f"{path} is a shallow clone: too few commits to send", UNSHALLOW) from error
            raise


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
        done = subprocess.run(["git", "-C", path, *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise DeployError("git is not installed here", "Install it: apt install git") from error
    if done.returncode:
        raise DeployError(f"{path}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _succeeds(path: str, *arguments: str) -> bool:
    return not subprocess.run(["git", "-C", path, *arguments], capture_output=True, check=False).returncode
