"""Where what is pushed comes from: a repository, there or here, or a folder that was built here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deployer.errors import UsageError

if TYPE_CHECKING:
    from deployer.kinds.entry import Entry
    from deployer.server.folder import Folder


def built_here(sites: tuple[str, ...], reference: str, folder: str | None) -> "Folder | None":
    """The folder that was built here; None without one. Raises UsageError for what goes not together."""
    if folder is None:
        return None
    if reference:
        raise UsageError("--from publishes a folder, and --ref a revision", "Name one of the two.")
    if len(set(sites)) > 1:
        raise UsageError("--from is for one site", f"As in: deploy push {sites[0]} --from {folder}")
    from deployer.server.folder import read_folder

    return read_folder(folder)


def require_files(sites: "Mapping[str, Entry]") -> None:
    """Raise UsageError for a site that is not plain files."""
    from deployer.kinds.publication import OF_FILES, takes_files

    for domain, site in sites.items():
        if not takes_files(site):
            raise UsageError(f"{domain} is a {site.kind} site: --from is for {' and '.join(OF_FILES)}")


def require_repositories(sites: "Mapping[str, Entry]") -> None:
    """Raise UsageError for a site that comes from no repository."""
    from deployer.kinds.base import is_from_repository

    for domain, site in sites.items():
        if not is_from_repository(site):
            raise UsageError(f"{domain} is a {site.kind} site: it comes from no repository")


def source(site: object, reference: str) -> tuple[str, str]:
    """The repository on this machine, empty for one elsewhere, and what of it is published."""
    from deployer.kinds.base import is_from_repository
    from deployer.report import say
    from deployer.server.repository import require_submodules, revision, uncommitted

    if not is_from_repository(site) or not site.is_local:
        return "", reference
    require_submodules(site.repository, revision(site.repository, reference or site.branch or ""))
    if reference in ("", site.branch) and uncommitted(site.repository):
        say(f"! {site.repository} has uncommitted changes: what is pushed is its last commit", style="yellow")
    return site.repository, reference or site.branch or ""
