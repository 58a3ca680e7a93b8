"""A Git repository on this machine, sent to the server as a bundle over the connection that is open."""

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from deployer.errors import DeployError

NAME = "refs/heads/push"
"""The one ref that the bundle has."""


def bundle(path: str, reference: str, have: Iterable[str]) -> bytes:
    """A Git bundle of the revision (default HEAD), without the commits that the server has already.

    The user's repository is only read: the ref that a bundle needs is made in a borrowed one.
    """
    commit = (
        git(path, "rev-parse", "--verify", "--end-of-options", f"{reference or 'HEAD'}^{{commit}}")
        .decode()
        .strip()
    )
    known = [name for name in have if name != commit and _knows(path, name)]
    if commit in have:
        known = git(path, "rev-parse", f"{commit}^@").decode().split()
    objects = git(path, "rev-parse", "--path-format=absolute", "--git-path", "objects").decode().strip()
    with tempfile.TemporaryDirectory(prefix="deploy-") as borrowed:
        git(borrowed, "init", "--quiet", "--bare")
        (Path(borrowed) / "objects/info/alternates").write_text(objects + "\n")
        git(borrowed, "update-ref", NAME, commit)
        return git(borrowed, "bundle", "create", "--quiet", "-", NAME, "--not", *known)


def uncommitted(path: str) -> bool:
    """Whether there are changes that no commit has."""
    return bool(git(path, "status", "--porcelain").strip())


def git(path: str, *arguments: str) -> bytes:
    """The output of a Git command in that repository; raises DeployError with Git's own words."""
    try:
        done = subprocess.run(["git", "-C", path, *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise DeployError("git is not installed here", "Install it: apt install git") from error
    if done.returncode:
        raise DeployError(f"{path}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _knows(path: str, commit: str) -> bool:
    return not subprocess.run(
        ["git", "-C", path, "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True, check=False
    ).returncode
