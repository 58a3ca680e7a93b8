"""Compositions that go on under another name; pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from deployer.desired import Desired
from deployer.desired.stacks import Stack, Standing
from deployer.files import File, Files
from deployer.moving import VALUES, compositions_there, proposal
from deployer.observation import Observation
from deployer.plan import Plan
from deployer.secrets import Generated

SHARED = re.compile(r"/usr/local/lib/deploy/|/etc/systemd/system/(.*/)?deploy-resume\.")
"""What goes with the last one that is pushed or runs in containers."""


def renamed(wanted: Mapping[str, Standing], files: Files, seen: Observation) -> dict[str, str]:
    """Whose place each new composition takes, by the new name: of one that we wrote, and nobody wants it.

    The new one has its project, one of its ports, or its compose file.
    """
    there = compositions_there(seen)
    pairs = [
        (_likeness(name, wanted[name], old, there[old], files, seen), name, old)
        for name in sorted(wanted.keys() - there.keys())
        for old in sorted(there.keys() - wanted.keys())
    ]
    found: dict[str, str] = {}
    for likeness, name, old in sorted(pairs, key=lambda pair: pair[0], reverse=True):
        if likeness and name not in found and old not in found.values():
            found[name] = old
    return found


def not_yet(desired: Desired, seen: Observation) -> frozenset[str]:
    """The compositions that wait for a certificate, and those whose place they take then."""
    places = renamed(desired.coming, desired.files, seen) if desired.waiting else {}
    return desired.waiting | {old for name, old in places.items() if name in desired.waiting}


def _likeness(
    name: str, standing: Standing, old: str, place: tuple[str, str], files: Files, seen: Observation
) -> int:
    """How much speaks for it: the same project most, and a port of its own more than the same file."""
    folder, project = place
    stack = seen.facts.stacks.get(project)
    before = _anonymous(seen.files.get(f"{folder}/docker-compose.yml"), folder, old, project)
    after = files.get(f"{standing.folder}/docker-compose.yml")
    same_file = bool(before) and before == _anonymous(after, standing.folder, name, standing.project)
    same_port = bool(stack and stack.ports & standing.ports)
    return 4 * (project == standing.project) + 2 * same_port + same_file


def _anonymous(file: object, *names: str) -> bytes:
    """The content of a compose file without the names of its composition; empty where there is none."""
    content = file.content if isinstance(file, File) else b""
    for name in names:  # as whole words: `a` is a name, too
        content = re.sub(rb"(?<![\w.-])%s(?![\w.-])" % re.escape(name.encode()), b"NAME", content)
    return content


def remarks(places: Mapping[str, str], desired: Desired, seen: Observation) -> Iterator[str]:
    """What becomes of the data of those whose place is taken."""
    there = compositions_there(seen)
    for name, old in places.items():
        folder, project = there[old]
        standing = desired.coming[name]
        if standing.place == (folder, project):
            yield f"{name} takes the place of {old}, and goes on with its folder, volumes and secrets"
            continue
        stack = seen.facts.stacks.get(project, Stack(project, folder))
        secrets = desired.secrets.get(f"{standing.folder}/.env", {})
        named = ", ".join(sorted(key for key, secret in secrets.items() if isinstance(secret, Generated)))
        stays = [f"what is in {folder}", *(f"volume {volume}" for volume in sorted(stack.volumes))]
        yield (
            f"{name} takes the place of {old}, and begins anew: with empty volumes"
            f"{f' and new values of {named}' if named else ''}. "
            f"Of {old} stays {', '.join(stays)}. {proposal(Stack(project, folder), standing)}"
        )


def with_renamed(plan: Plan, desired: Desired, seen: Observation) -> Plan:
    """The plan with what a person should know of those whose place is taken."""
    places = renamed(desired.coming, desired.files, seen)
    return replace(plan, notes=(*plan.notes, *remarks(places, desired, seen)))


def without_waiting(gone: Collection[str], desired: Desired, files: Files, seen: Observation) -> list[str]:
    """The paths that go, without those of compositions whose place is not taken by these files."""
    places = renamed(desired.coming, desired.files, seen)
    staying = [
        old
        for name, old in places.items()
        if f"{desired.coming[name].folder}/docker-compose.yml" not in files
    ]
    there = compositions_there(seen)
    return [path for path in gone if not any(belongs(path, old, there[old][0]) for old in staying)]


def without_staying(gone: Collection[str], staying: Collection[str], seen: Observation) -> list[str]:
    """The paths that go, without those of these names, and what they are pushed and brought up with."""
    there = compositions_there(seen)
    folders = {name: there.get(name, (f"/opt/{name}", ""))[0] for name in staying}
    is_needed = any(f"{VALUES}{name}.conf" in seen.written for name in staying)
    return [
        path
        for path in gone
        if not any(belongs(path, *each) for each in folders.items())
        and not (is_needed and SHARED.match(path))
    ]


def belongs(path: str, name: str, folder: str) -> bool:
    """Whether the path is one of the site or service of this name, which stands in this folder, if in any."""
    own = (
        f"{VALUES}{name}.conf",
        f"/etc/nginx/conf.d/{name}.conf",
        f"/etc/deploy/backup/{name}",
        f"/etc/deploy/hooks/{name}.before",
        f"/etc/deploy/hooks/{name}.after",
        *([f"/etc/sysusers.d/deploy-{name}.conf"] if "." in name else []),  # deploy-keys.conf is no service's
    )
    return path in own or (folder != "" and path.startswith(f"{folder}/"))
