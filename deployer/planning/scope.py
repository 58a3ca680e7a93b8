"""What goes with some of the sites and services, and what stays until all are applied; pure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from deployer.parts import sections
from deployer.planning.desired import Desired
from deployer.planning.moving import compositions_there
from deployer.planning.renames import belongs, entries
from deployer.seen.observation import Observation


def going(
    gone: Collection[str], sites: Collection[str], desired: Desired, seen: Observation
) -> tuple[list[str], list[str]]:
    """Which of what nobody wants goes with these sites, and what is to be said of what stays."""
    own = [*_own(gone, sites, desired, seen)]
    rest = {*gone} - {*own}
    others = {*desired.names, *desired.coming, *entries(seen.written)}
    shared = rest - {*_own(rest, others, desired, seen)}
    return own, [*_no_longer_there(rest, desired), *_switched_off(shared)]


def staying(
    named: Callable[[str], bool], gone: Iterable[str], desired: Desired, seen: Observation
) -> frozenset[str]:
    """Those that stay as they are: not named, or not wanted and not among what goes."""
    wanted = {*desired.names, *desired.coming}
    left = {name for name in wanted if not named(name)}
    return frozenset(left | ({*entries(seen.written)} - wanted - {*entries(gone)}))


def _own(
    paths: Collection[str], names: Collection[str], desired: Desired, seen: Observation
) -> Iterator[str]:
    """Those of the paths that belong to one of the names, by where it stands or shall stand."""
    folders = [
        *((name, folder) for name, (folder, _) in compositions_there(seen).items() if name in names),
        *((name, standing.folder) for name, standing in desired.coming.items() if name in names),
        *((name, "") for name in names),
    ]
    domains = {*names, *desired.names, *entries(seen.written)}
    return (path for path in paths if any(belongs(path, *each, domains) for each in folders))


def _no_longer_there(gone: Iterable[str], desired: Desired) -> Iterator[str]:
    for site in dict.fromkeys(entries(sorted(gone))):
        if site not in desired.names:
            yield f"{site} is no longer in sites.yaml, and stays: deploy apply without names takes it away"


def _switched_off(shared: Iterable[str]) -> Iterator[str]:
    found = {
        re.sub(pattern, section, path)
        for path in shared
        for pattern, section in sections()
        if re.fullmatch(pattern, path)
    }
    off = [each for each in sorted(found) if not any(each.startswith(f"{other}.") for other in found)]
    if off:
        yield f"off in sites.yaml, and on the server until deploy apply without names: {', '.join(off)}"
