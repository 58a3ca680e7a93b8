"""From what is desired and what is there to a plan; pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from deployer.files import File, Files, Link, same
from deployer.parts import consequences, removable
from deployer.planning.desired import Desired
from deployer.planning.dotenv import value_changes
from deployer.planning.handing_over import with_transition
from deployer.planning.holding import Takeover
from deployer.planning.installing import missing_hugo, with_additions
from deployer.planning.moving import Moving, moving
from deployer.planning.obstacles import of_sites, with_obstacles
from deployer.planning.occupied import with_ports
from deployer.planning.orders import orders
from deployer.planning.owners import with_owners
from deployer.planning.plan import Change, Plan, Surprise
from deployer.planning.renames import (
    entries,
    not_yet,
    renamed,
    with_renamed,
    without_staying,
    without_waiting,
)
from deployer.planning.rolled_back import resting, with_rolled_back
from deployer.planning.running import units_to_start
from deployer.planning.scope import going, staying
from deployer.planning.sending import with_sent
from deployer.planning.shared_lists import with_lines_of_others
from deployer.planning.takeovers import takeovers
from deployer.seen import manifest
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from deployer.values.secrets import Secret


def make_plan(
    desired: Desired,
    seen: Observation,
    acme: str,
    scope: Iterable[str] | None = None,
    later: Collection[str] = (),
    values: Mapping[Secret, str] | None = None,
    left: Mapping[str, str] | None = None,
    changing_hands: Collection[Takeover] | None = None,
) -> Plan:
    """What has to change for the server to be as desired, limited to the sites in scope (None: all).

    `acme` is the directory of certificates, `later` are paths that will be wanted, and so stay, `values` the
    secrets that come from here; `left` says why sites are left, `changing_hands` what does in the end."""
    sites = None if scope is None else frozenset(scope)
    containers = _containers(desired, seen, sites, left or {}, changing_hands)
    held = containers.held

    def in_scope(site: str | None) -> bool:
        return site not in held and (sites is None or site is None or site in sites)

    desired, files, gone, stays = _parts(desired, seen, sites, later, held, in_scope)
    changes = [*_written(files, desired, seen), *_removed(gone, desired, seen)]
    old_names = renamed(desired.coming, desired.files, seen)
    plan = Plan(
        hugo=missing_hugo(desired, seen.facts),
        certificates=tuple(orders(desired, seen, acme, held, sites)),
        changes=tuple(sorted(changes, key=lambda change: change.path)),
        units=tuple(sorted(units_to_start(desired.units, desired.owners, seen.facts))),
        manifest=_manifest(files, gone, seen),
        interrupted=seen.facts.interrupted,
        held={site: why for site, why in held.items() if sites is None or site in sites},
        kept=tuple(path for path in gone if not removable(path) and path in seen.files),
        renewals=seen.renewals if desired.certificates else (),
        left=tuple(stays),
        secrets=tuple(value_changes(changes, desired, seen, values or {}, in_scope, old_names)),
        notes=(*_notes(desired, sites), *containers.remarks, *_consequences(changes, seen.facts)),
        sources=tuple(change for change in changes if change.path in desired.sources and change.after),
        drift={path: what for path, what in desired.drift.items() if in_scope(desired.site_of.get(path))},
        armed=max(seen.facts.armed - seen.facts.now, 0),
        undo_after=desired.undo_after,
    )
    plan = with_sent(_with_lost(with_rolled_back(plan), gone, seen), desired, seen)
    plan = with_additions(with_obstacles(plan, desired, seen), desired, seen.facts)
    plan = with_transition(with_ports(plan, desired, seen, sites), desired, seen, gone, containers)
    return with_owners(_with_those_taken_off(plan, desired, seen, sites), desired, seen)


def _notes(desired: Desired, sites: Collection[str] | None) -> Iterable[str]:
    """What a person should know; who has named some entries need not hear of the others."""
    yield from desired.notes
    yield from (remark for name, remark in desired.remarks if sites is None or name in sites)


def _consequences(changes: Iterable[Change], facts: Facts) -> Iterable[str]:
    for change in changes:
        yield from consequences(change.path, change.before, change.after, facts)


def _containers(
    desired: Desired,
    seen: Observation,
    sites: Collection[str] | None,
    left: Mapping[str, str],
    changing_hands: Collection[Takeover] | None,
) -> Moving:
    hands = takeovers(desired, seen) if changing_hands is None else changing_hands
    refused = resting(desired, seen, sites) | of_sites(desired, seen) | dict(left)
    waiting = not_yet(desired, seen) | (desired.names.keys() - {*desired.site_of.values()})
    return moving(desired.standings, seen, sites, refused, waiting, hands)


def _parts(
    desired: Desired,
    seen: Observation,
    sites: Collection[str] | None,
    later: Collection[str],
    held: Collection[str],
    in_scope: Callable[[str | None], bool],
) -> tuple[Desired, Files, list[str], Iterable[str]]:
    """What is wanted, the files of it in scope, what goes, and what is to be said of what stays."""
    paths = {path: file for path, file in desired.files.items() if in_scope(desired.site_of.get(path))}
    gone = without_waiting(_gone(desired, seen, later, held), desired, paths, seen)
    gone, stays = (gone, []) if sites is None else going(gone, sites, desired, seen)
    desired = with_lines_of_others(desired, seen, staying(in_scope, gone, desired, seen))
    return desired, {path: desired.files[path] for path in paths}, gone, [*_left(gone, seen), *stays]


def _with_those_taken_off(
    plan: Plan, desired: Desired, seen: Observation, sites: Collection[str] | None
) -> Plan:
    """The plan with the sites and services that go; that one takes the place of another is not `most`."""
    if sites is not None:
        return plan
    plan = with_renamed(plan, desired, seen)
    there, wanted = set(entries(seen.written)), {*desired.names, *desired.site_of.values()}
    off = there - wanted
    most = len(off) * 2 > len(there) and not (len(off) == 1 and wanted - there)
    return replace(plan, taken_off=tuple(sorted(off)), entries=len(there), takes_most=most)


def _gone(desired: Desired, seen: Observation, later: Collection[str], held: Collection[str]) -> list[str]:
    """What we wrote and nobody wants any more; of those that are held or wait for a certificate, nothing."""
    wanted = {*desired.files, *desired.stays, *later}
    staying = {*held, *(desired.names.keys() - {*desired.site_of.values()})}
    return without_staying([path for path in seen.written if path not in wanted], staying, seen)


def _written(files: Files, desired: Desired, seen: Observation) -> Iterable[Change]:
    for path, file in files.items():
        found = seen.files.get(path)
        if not same(file, found):
            yield Change(path, found, file, desired.site_of.get(path), _surprise(path, seen))


def _removed(gone: Iterable[str], desired: Desired, seen: Observation) -> Iterable[Change]:
    for path in {*gone, *desired.absent}:
        if path in seen.files and removable(path):
            surprise = Surprise.NONE if path in desired.absent else _surprise(path, seen)
            yield Change(path, seen.files[path], None, surprise=surprise)


def _with_lost(plan: Plan, gone: Iterable[str], seen: Observation) -> Plan:
    read = (path for path in gone if path.startswith("/etc/nginx/") and path not in seen.files)
    return replace(plan, vanished=tuple(read))


def _left(gone: Iterable[str], seen: Observation) -> Iterable[str]:
    for path in sorted(gone):
        domain = path.rpartition("/")[2].removesuffix(".conf")
        builder = f"/etc/sysusers.d/deploy-{domain}.conf"  # what is published has one, too
        if path == f"/etc/deploy/sites/{domain}.conf" and _is_program(seen.files.get(path)):
            yield f"what {domain} has written stays in /opt/{domain}, with its secrets"
        elif path == f"/etc/deploy/sites/{domain}.conf" and builder in seen.written:
            yield f"what was published of {domain} stays in /srv/deploy/{domain} and /var/www/{domain}"
        if path == f"/etc/nginx/conf.d/{domain}.conf" and domain in seen.facts.certificates:
            yield (
                f"the certificate of {domain} is renewed until you run on the server: "
                f"certbot delete --cert-name {domain}"
            )


def _is_program(values: File | Link | None) -> bool:
    return isinstance(values, File) and b"\nRUNNER=systemd\n" in values.content


def _surprise(path: str, seen: Observation) -> Surprise:
    found, written = seen.files.get(path), seen.written.get(path)
    if written is None:
        return Surprise.NONE if found is None else Surprise.TAKEN_OVER
    if found is None:
        return Surprise.REMOVED
    return Surprise.NONE if isinstance(found, File) and found.digest == written else Surprise.EDITED


def _manifest(files: Files, gone: Iterable[str], seen: Observation) -> Change | None:
    digests = {path: digest for path, digest in seen.written.items() if path not in set(gone)}
    after = manifest.write(digests | {path: file.digest for path, file in files.items()})
    before = seen.files.get(manifest.PATH)
    return None if same(after, before) else Change(manifest.PATH, before, after)
