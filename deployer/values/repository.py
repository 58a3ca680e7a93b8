"""Where a site's content comes from: a URL that the server fetches, or a folder on this machine."""

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from deployer.values.access import is_ipv6
from deployer.values.names import HOST
from deployer.values.quantities import shown

HERE = ("localhost", "127.0.0.1", "::1")
"""What a machine calls itself."""
ESCAPED = r"%(?![01]|7[Ff])[0-9A-Fa-f]{2}"
PART = rf"([\w.~+@=,]|{ESCAPED})"
PATH = rf"([\w.~+@=,/-]|{ESCAPED})+"
USER = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
SERVER = rf"({HOST}|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])"
REMOTES = [
    re.compile(form, re.ASCII)
    for form in (
        rf"https?://{SERVER}(:[0-9]{{1,5}})?/{PATH}",
        rf"ssh://({USER}@)?{SERVER}(:[0-9]{{1,5}})?/{PATH}",
        rf"({USER}@)?{SERVER}:{PART}({PATH})?",
        rf"{USER}@{SERVER}:/{PART}({PATH})?",
    )
]


def repository(text: str, folder: Path | None) -> str:
    """A Git repository: https://, http:// or ssh:// URL, user@host:path, or a local path.

    With the folder of sites.yaml, a local path becomes absolute and must be a Git repository.
    """
    if re.match(r"(https?|ssh)://[^/]*:[^/]*@|https?://[^/]*@", text):
        raise ValueError("a repository URL has no password or token: use a deploy key (deploy key show SITE)")
    if text.startswith("-") or re.match(r"[^/[]*::", text) or not text.isprintable() or not text:
        raise ValueError(f"{shown(text)} is not a repository")
    if is_local(text):
        return local(text, folder)
    if not is_remote(text):
        space = ", and in an address write a space as %20" if " " in text else ""
        raise ValueError(
            f"{shown(text)} is not a repository: expected https://…, ssh://…, git@host:path or a local path"
            + space
        )
    return text


def is_remote(text: str) -> bool:
    """Whether the text is the address of a repository on another machine."""
    found = next((match for form in REMOTES if (match := form.fullmatch(text))), None)
    return found is not None and (found["ipv6"] is None or is_ipv6(found["ipv6"]))


def address_of(text: str) -> SplitResult | None:
    """A repository's address as a URL, also one for SSH without a scheme; None for one that cannot be."""
    scp = re.fullmatch(r"(?:([^@/]+)@)?(\[[^]/]+\]|[^:/[]+):(?!//)(.+)", text)
    user = f"{scp[1]}@" if scp and scp[1] else ""
    try:
        url = urlsplit(f"ssh://{user}{scp[2]}/{scp[3].lstrip('/')}" if scp else text)
        _ = url.port
    except ValueError:  # of a port or an IPv6 address that cannot be
        return None
    return url if url.scheme in ("http", "https", "ssh") and url.hostname else None


def is_local(text: str) -> bool:
    """Whether a repository is a folder on this machine: Git's rule, no colon before the first slash."""
    return ":" not in text.partition("/")[0]


def local(text: str, folder: Path | None) -> str:
    """The absolute path of a local repository."""
    if folder is None:
        return text
    path = located(text, folder)
    if not os.path.isdir(path):
        raise ValueError(f"no such folder: {path}")
    bare = os.path.isfile(path / "HEAD") and os.path.isdir(path / "objects")
    if not bare and not os.path.exists(path / ".git"):
        raise ValueError(f"{path} is not a Git repository: run git init there")
    if not has_commits(path if bare else path / ".git"):
        raise ValueError(f"{path} has no commit yet: commit there what shall be published")
    return str(path)


def has_commits(repository: Path) -> bool:
    """Whether the repository has any branch or tag; one whose look is not known is taken to have some."""
    known = os.path.isfile(repository / "HEAD") and not os.path.exists(repository / "reftable")
    if not known or os.path.exists(repository / "packed-refs"):
        return True
    if not (repository / "HEAD").read_text(errors="replace").startswith("ref:"):
        return True
    return any(names for _, _, names in os.walk(repository / "refs"))


def located(text: str, folder: Path) -> Path:
    """A path that is written in sites.yaml: ~ is the home, and relative means beside the file."""
    try:
        return (folder / Path(text).expanduser()).resolve()
    except (RuntimeError, OSError) as error:
        raise ValueError(f"{shown(text)} cannot be resolved: {error}") from error
