"""Where what is pushed comes from: a repository, there or here, or a folder that was built here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deployer.errors import UsageError

if TYPE_CHECKING:
    from deployer.kinds.entry import Entry
    from deployer.server.folder import Folder
    from deployer.tasks.push import Push


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the command line each of the sites is pushed with."""

    reference: str = ""
    force: bool = False
    yes: bool = False
    built: "Folder | None" = None
    rebuild: bool = False
    preview: str = ""

    def push_of(self, domain: str, site: object, settings: str) -> "Push":
        """The push of a site of sites.yaml, whose repository may be here."""
        if self.built or self.rebuild:
            return self.push(domain, "", "", settings)
        return self.push(domain, *source(site, self.reference), settings)

    def push(self, domain: str, repository: str, reference: str, settings: str = "") -> "Push":
        """The push of one of them."""
        from deployer.tasks import caller
        from deployer.tasks.push import Push

        what = Push(domain, caller(), repository, reference, self.force, settings, self.built, self.rebuild)
        return replace(what, preview=self.preview)


def require_one_of(*, reference: str, force: bool, folder: str | None, rebuild: bool, preview: str) -> None:
    """Raise UsageError for options that say two things of what is published."""
    if reference and folder is not None:
        raise UsageError("--from publishes a folder, and --ref a revision", "Name one of the two.")
    if rebuild and (reference or force or preview or folder is not None):
        raise UsageError(
            "--rebuild builds what is live, and passes the gate", "Leave out --as, --ref, --from and --force."
        )


def built_here(sites: tuple[str, ...], folder: str | None) -> "Folder | None":
    """The folder that was built here; None without one. Raises UsageError for what goes not together."""
    if folder is None:
        return None
    if len(set(sites)) > 1:
        raise UsageError("--from is for one site", f"As in: deploy push {sites[0]} --from {folder}")
    from deployer.server.folder import read_folder

    return read_folder(folder)


def require_source(sites: "Mapping[str, Entry]", wanted: Wanted) -> None:
    """Raise UsageError for a site that has not what it is to be pushed from, or as."""
    if wanted.preview:
        require_previews(sites)
    if wanted.built:
        require_files(sites)
    elif wanted.reference or wanted.rebuild:
        require_repositories(sites)
    else:
        require_something(sites)


def require_files(sites: "Mapping[str, Entry]") -> None:
    """Raise UsageError for a site that is not plain files."""
    from deployer.kinds.publication import OF_FILES, takes_files

    for domain, site in sites.items():
        if not takes_files(site):
            raise UsageError(f"{domain} is of kind {site.kind}: --from is for {' and '.join(OF_FILES)}")


def require_name(preview: str) -> None:
    """Raise UsageError for what cannot be the name of a preview; none is none."""
    from deployer.values.names import LABEL

    if preview and not LABEL.fullmatch(preview):
        raise UsageError(
            "a preview's name is a part of its address",
            "It has small letters and digits, with - between them, and 63 at most, as in: --as new-menu",
        )


def require_previews(sites: "Mapping[str, Entry]") -> None:
    """Raise UsageError for a site without previews."""
    from deployer.kinds.publication import OF_FILES, takes_files

    for domain, site in sites.items():
        if not takes_files(site):
            raise UsageError(f"{domain} is of kind {site.kind}: --as is for {' and '.join(OF_FILES)}")
        if not getattr(site, "previews", None):
            raise UsageError(
                f"{domain} has no previews",
                f"Write into sites.yaml: previews: {{domain: preview.{domain}}}, then: deploy apply {domain}",
            )


def require_something(sites: "Mapping[str, Entry]") -> None:
    """Raise UsageError for a site whose files are sent, where none are."""
    from deployer.kinds.publication import only_takes_files

    for domain, site in sites.items():
        if only_takes_files(site):
            raise UsageError(
                f"{domain} has no repository, from which it could come",
                f"Publish what was built here: deploy push {domain} --from FOLDER",
            )


def require_repositories(sites: "Mapping[str, Entry]") -> None:
    """Raise UsageError for a site that comes from no repository."""
    from deployer.kinds.base import is_from_repository

    for domain, site in sites.items():
        if not is_from_repository(site):
            raise UsageError(f"{domain} is of kind {site.kind}: it comes from no repository")


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
