"""What on a server keeps sites, or a whole plan, from being carried out; pure."""

from collections.abc import Iterator
from dataclasses import replace

from deployer.errors import DeployError
from deployer.files import File
from deployer.parts.undo import MADE_BY
from deployer.planning.desired import Desired
from deployer.planning.plan import Plan
from deployer.seen import manifest
from deployer.seen.observation import Observation, version
from deployer.values.quantities import amount


def of_sites(desired: Desired, seen: Observation) -> dict[str, str]:
    """The sites and services that stay as they are, each with the reason and what to do."""
    held = dict(_clashes(desired, seen))
    for path in _wanted(desired, seen):
        if owner := _owner(path, desired):
            held.setdefault(owner, _is_folder(path))
    return held


def with_obstacles(plan: Plan, desired: Desired, seen: Observation) -> Plan:
    """The plan with what has to be mended before any of it, and what of the manifest says nothing."""
    blocked = tuple(_is_folder(path) for path in _wanted(desired, seen) if not _owner(path, desired))
    return replace(plan, obstacles=blocked, pressing=(*_damaged(seen), *desired.pressing, *plan.pressing))


def _damaged(seen: Observation) -> Iterator[str]:
    found = seen.files.get(manifest.PATH)
    if count := manifest.damaged(found.content) if isinstance(found, File) else 0:
        lines = f"{amount(count, 'line')} of {manifest.PATH} {'is' if count == 1 else 'are'}"
        yield f"{lines} damaged: files that only stood there count as made by hand"


def require_no_newer(seen: Observation, host: str, ours: str) -> None:
    """Raise DeployError when a newer version than ours has made the server what it is: we would undo that."""
    made_by = seen.files.get(MADE_BY)
    theirs = made_by.content.decode(errors="replace").strip() if isinstance(made_by, File) else ""
    if (version(theirs) or (0, 0, 0)) > (version(ours) or (0, 0, 0)):
        raise DeployError(
            f"{host} was made by deploy {theirs}, and this is {ours}: it would undo what the newer one does",
            f"Upgrade this one: pipx upgrade vps-deployer\nTo go back to {ours}, run there: rm {MADE_BY}",
        )


def _wanted(desired: Desired, seen: Observation) -> Iterator[str]:
    return (path for path in sorted({*desired.files, *desired.secrets}) if path in seen.folders)


def _owner(path: str, desired: Desired) -> str | None:
    """The one that waits for it alone; NGINX starts with none of its files when it cannot read one."""
    if path.startswith("/etc/nginx/"):
        return None
    return desired.site_of.get(path)


def _is_folder(path: str) -> str:
    return f"{path} on the server is a folder, and has to be a file. Move it away there (empty: rmdir {path})"


def _clashes(desired: Desired, seen: Observation) -> Iterator[tuple[str, str]]:
    """Those one of whose names a hand-made NGINX file serves already."""
    for site, names in desired.names.items():
        for name in names:
            path = seen.facts.taken_names.get(name)
            if path and path not in desired.files:
                yield (
                    site,
                    f"{path} on the server, made by hand, serves {name} already. Move it away, "
                    f"or rename it to /etc/nginx/conf.d/{site}.conf, and the plan takes it over",
                )
