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


def renamed(wanted: Mapping[str, Standing], files: Files, seen: Observation) -> dict[str, str]:
    """Whose place each new composition takes, by the new name: of one that we wrote, and nobody wants it.

    The new one has its project, one of its ports, or its compose file.
    """
    there = compositions_there(seen)
    ended = sorted(there.keys() - wanted.keys())
    found: dict[str, str] = {}
    for name in sorted(wanted.keys() - there.keys()):
        for old in ended:
            if old not in found.values() and _alike(name, wanted[name], old, files, seen):
                found[name] = old
                break
    return found


def _alike(name: str, standing: Standing, old: str, files: Files, seen: Observation) -> bool:
    folder, project = compositions_there(seen)[old]
    stack = seen.facts.stacks.get(project)
    if project == standing.project or (stack and stack.ports & standing.ports):
        return True
    before = _anonymous(seen.files.get(f"{folder}/docker-compose.yml"), folder, old, project)
    after = files.get(f"{standing.folder}/docker-compose.yml")
    return bool(before) and before == _anonymous(after, standing.folder, name, standing.project)


def _anonymous(file: object, *names: str) -> bytes:
    """The content of a compose file without the names of its composition; empty where there is none."""
    content = file.content if isinstance(file, File) else b""
    for name in names:  # as whole words: `a` is a name, too
        content = re.sub(rb"(?<![\w.-])%s(?![\w.-])" % re.escape(name.encode()), b"NAME", content)
    return content


def remarks(places: Mapping[str, str], desired: Desired, seen: Observation) -> Iterator[str]:
    """What becomes of the data of those whose place is taken."""
    for name, old in places.items():
        folder, project = compositions_there(seen)[old]
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


def belongs(path: str, name: str, folder: str) -> bool:
    """Whether the path is one of the composition of this name, which stands in this folder."""
    own = (f"{VALUES}{name}.conf", f"/etc/nginx/conf.d/{name}.conf", f"/etc/deploy/backup/{name}")
    return path.startswith(f"{folder}/") or path in own
