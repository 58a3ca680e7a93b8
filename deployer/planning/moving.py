"""Containers that run otherwise than sites.yaml says, or under another name; pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from deployer.files import File
from deployer.planning.holding import Places, Takeover, kept_from
from deployer.planning.pools import too_many
from deployer.planning.running import lacking, stopped
from deployer.seen.observation import Observation
from deployer.seen.stacks import Stack, Standing, ours

VALUES = "/etc/deploy/sites/"


@dataclass(frozen=True, slots=True)
class Moving:
    """What is wanted of containers against those that are there.

    `held` has what cannot be done, with the reason, `otherwise` what runs otherwise
    than it shall or does not run, by the composition's name, `remarks` what a person should know, and
    `stopped` those that were stopped on purpose. `takeovers` is what one shall have instead of another.
    """

    held: Mapping[str, str]
    otherwise: Mapping[str, tuple[str, ...]]
    remarks: tuple[str, ...]
    stopped: tuple[str, ...] = ()
    takeovers: tuple[Takeover, ...] = ()


def compositions_there(seen: Observation) -> dict[str, tuple[str, str]]:
    """The folder and project of each composition that we wrote, by its name.

    One whose values somebody removed is known by what runs in the folder of its name.
    """
    runs = {stack.folder: stack.project for stack in seen.facts.stacks.values()}
    lost = values_lost(seen)
    found = {name: (f"/opt/{name}", runs[f"/opt/{name}"]) for name in lost if f"/opt/{name}" in runs}
    return found | ours(
        {
            path.removeprefix(VALUES).removesuffix(".conf"): file.content.decode(errors="replace")
            for path, file in seen.files.items()
            if path.startswith(VALUES) and isinstance(file, File)
        }
    )


def values_lost(seen: Observation) -> list[str]:
    """The names whose values for the scripts we wrote, and somebody removed."""
    return [
        path.removeprefix(VALUES).removesuffix(".conf")
        for path in seen.written
        if path.startswith(VALUES) and path not in seen.files
    ]


def known_to_us(seen: Observation) -> dict[str, tuple[str, str]]:
    """The same, and those that an apply could not end; nobody knows the folder of these."""
    return {name: ("", project) for name, project in seen.facts.owed} | compositions_there(seen)


def moving(
    wanted: Mapping[str, Standing],
    seen: Observation,
    scope: Collection[str] | None = None,
    refused: Mapping[str, str] | None = None,
    waiting: Collection[str] = (),
    takeovers: Collection[Takeover] = (),
) -> Moving:
    """What of the compositions that are wanted runs already, as it shall or otherwise; of those in scope.

    `refused` are those that cannot be done for another reason; they are among those that are held.
    `waiting` are those that come later, as certificates lack; `takeovers` is what one shall have of another.
    """
    held, otherwise, remarks = dict(refused or {}), dict[str, tuple[str, ...]](), list[str]()
    there, lost = compositions_there(seen), values_lost(seen)
    known = {project for _, project in known_to_us(seen).values()}
    chosen = {name: each for name, each in wanted.items() if scope is None or name in scope}
    for name, standing in chosen.items():
        if name in held:
            continue
        reason = (
            moved(name, standing, there, seen)
            or another_project(name, standing, there, seen)
            or by_another_name(standing, known, wanted, seen)
        )
        if reason:
            held[name] = reason
            continue
        stack = seen.facts.stacks.get(standing.project)
        found = [*differences(standing, stack)] if stack and stack.running else []
        if there.get(name, standing.place if name in lost else None) == standing.place:
            found += lacking(name, standing, seen.facts)
        if found:
            otherwise[name] = tuple(found)
        remarks += volumes_elsewhere(name, standing, wanted, seen)
    remarks += too_many(wanted, seen)
    held |= kept_from(takeovers, scope, {*held, *waiting})
    done = {name: standing for name, standing in chosen.items() if name not in held}
    return Moving(
        held,
        {name: found for name, found in otherwise.items() if name in done},
        tuple(remarks),
        tuple(stopped(done, seen.facts)),
        tuple(each for each in takeovers if each.new not in held and (scope is None or each.new in scope)),
    )


def moved(name: str, standing: Standing, there: Places, seen: Observation) -> str:
    """Why a composition that we wrote into another folder is left there; empty when it is not so."""
    folder, project = there.get(name, (standing.folder, standing.project))
    if folder == standing.folder or f"{folder}/docker-compose.yml" not in seen.files:
        return ""
    named = f"Write `project: {project}`: its volumes are called so. " if project != standing.project else ""
    return (
        f"it stands in {folder} with its data. {named}On the server: "
        f"/usr/local/lib/deploy/bin/stop {name} && mv {folder} {standing.folder}"
    )


def another_project(name: str, standing: Standing, there: Places, seen: Observation) -> str:
    """Why containers of ours are left the Compose project that they are: its volumes would stay behind."""
    _, project = there.get(name, ("", standing.project))
    stack = seen.facts.stacks.get(project)
    if project == standing.project or not stack or not stack.folder:
        return ""
    wanted = {volume.removeprefix(f"{standing.project}_") for volume in standing.volumes}
    kept = sorted(volume for volume in stack.volumes if volume.removeprefix(f"{project}_") in wanted)
    if not kept:
        return ""
    return (
        f"its volume {kept[0]} is of the Compose project {project}, and as {standing.project} it would begin "
        f"with an empty one. To go on with its data, write `project: {project}`, and no `name:` in the "
        f"compose file; to begin anew, end that one first, on the server: docker compose -p {project} down "
        "(its volumes stay)"
    )


def by_another_name(
    standing: Standing, known: Collection[str], wanted: Mapping[str, Standing], seen: Observation
) -> str:
    """Why containers of a project that is not known keep it from coming up; empty when none do."""
    for stack in strangers(wanted, seen):
        shared = sorted(stack.ports & standing.ports)
        if shared and stack.project not in known:
            port = shared[0].partition("/")[0]
            return (
                f"the Compose project {stack.project} in {stack.folder} has its port {port} already. "
                f"{proposal(stack, standing)}, or end that one (docker compose -p {stack.project} down)"
            )
    return ""


def proposal(stack: Stack, standing: Standing, over: str = "it over") -> str:
    """What to write so that the containers of this project, with their folder and volumes, are taken over."""
    keys = []
    if stack.folder and stack.folder != standing.folder:
        inside = stack.folder.startswith("/opt/")
        keys.append(
            f"`directory: {stack.folder}`" if inside else "`directory:` (its folder, moved below /opt)"
        )
    if stack.project != standing.project:
        keys.append(f"`project: {stack.project}`")
    return f"To take {over}, write {' and '.join(keys)}"


def strangers(wanted: Mapping[str, Standing], seen: Observation) -> Iterator[Stack]:
    """The projects that no composition of sites.yaml is called by."""
    names = {standing.project for standing in wanted.values()}
    yield from (stack for _, stack in sorted(seen.facts.stacks.items()) if stack.project not in names)


def differences(standing: Standing, stack: Stack) -> Iterator[str]:
    """What of running containers is otherwise than it shall be, as far as one can see from outside."""
    if stack.folder != standing.folder:
        yield f"started in {stack.folder}, and shall stand in {standing.folder}"
    if standing.open is not None:
        for port in sorted(stack.open - standing.open):
            yield f"port {port} is open to everyone"


def volumes_elsewhere(
    name: str, standing: Standing, wanted: Mapping[str, Standing], seen: Observation
) -> Iterator[str]:
    """Volumes of another project that look like those with which this composition would begin empty."""
    there = seen.facts.stacks.get(standing.project)
    if there and there.volumes:
        return
    plain = standing.project.replace("-", "")
    for stack in strangers(wanted, seen):
        keys = {volume.removeprefix(f"{stack.project}_") for volume in stack.volumes}
        same = sorted(keys & {volume.removeprefix(f"{standing.project}_") for volume in standing.volumes})
        if same and plain.startswith(stack.project.replace("-", "")):
            volume = f"{stack.project}_{same[0]}"
            yield (
                f"{name} would begin with an empty volume {standing.project}_{same[0]}, but there is "
                f"{volume}: if that has its data, write `project: {stack.project}`"
            )
