"""A Git repository on this machine: what its names mean, and what is not committed."""

import subprocess
from pathlib import Path

from deployer.errors import DeployError


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


def succeeds(path: str, *arguments: str) -> bool:
    """Whether a Git command in that repository ends well."""
    return not subprocess.run(["git", "-C", path, *arguments], capture_output=True, check=False).returncode
