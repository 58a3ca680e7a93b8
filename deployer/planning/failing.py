"""Compositions that could not be brought up, and of which nothing has changed since; pure.

Each waits for its whole time before it counts as failed. So it is tried again when it is asked for, by its
name or by an apply that has nothing else to do, and does not keep waiting who changes something else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256

from deployer.files import File
from deployer.parts import registries
from deployer.parts.docker import DAEMON
from deployer.planning.desired import Desired
from deployer.planning.inheritance import compose_files_in
from deployer.planning.plan import Plan
from deployer.seen.failures import Failure
from deployer.seen.observation import Observation
from deployer.values.secrets import FromEnvironment, Secret

OF_OTHERS = (b"external", b"container:")
"""A compose file with one of these relies on what another one makes."""


def with_tried(plan: Plan, desired: Desired, seen: Observation, values: Mapping[Secret, str]) -> Plan:
    """The plan with the digest of what is tried of each composition that comes up."""
    return replace(plan, tried={name: _digest(name, desired, seen, values) for name in plan.compositions})


def failed_before(plan: Plan, desired: Desired, seen: Observation) -> dict[str, Failure]:
    """Those that the plan brings up just as they failed the last time, whatever else it changes."""
    alone = {
        name
        for step in plan.steps
        for name in step.names
        if len(step.names) == 1 and not (step.after or step.instead_of or step.crossed)
    }
    return {
        name: failure
        for name, failure in seen.facts.failed.items()
        if name in alone and failure.tried == plan.tried[name] and not _relies_on_others(name, desired)
    }


def left(failures: Mapping[str, Failure]) -> dict[str, str]:
    """Why these are left as they are, and what to do."""
    return {
        name: f"bringing it up {failure} and nothing of it has changed since; "
        f"this tries it again: deploy apply {name}"
        for name, failure in failures.items()
    }


def with_tried_again(plan: Plan, failures: Mapping[str, Failure]) -> Plan:
    """The plan with a remark on each of these that it tries once more."""
    again = (
        f"{name}: bringing it up {failure} and nothing of it has changed since; it is tried once more"
        for name, failure in failures.items()
        if name in plan.compositions
    )
    return replace(plan, notes=(*again, *plan.notes))


def _digest(name: str, desired: Desired, seen: Observation, values: Mapping[Secret, str]) -> str:
    """Of all that decides how it comes up, as far as that is known here."""
    daemon = seen.files.get(DAEMON)
    parts = [f"{seen.facts.docker} {seen.facts.compose} {daemon.digest if isinstance(daemon, File) else ''}"]
    parts += [
        f"{path} {file.digest}"
        for path, file in sorted(desired.files.items())
        if desired.site_of.get(path) == name or path == registries.LOGINS
    ]
    for path in (f"{desired.standings[name].folder}/.env", registries.ENV):
        parts += _values(path, desired, seen, values)
    return sha256("\n".join(parts).encode()).hexdigest()


def _values(path: str, desired: Desired, seen: Observation, values: Mapping[Secret, str]) -> Iterator[str]:
    there = seen.secrets.get(path, {})
    for variable, secret in sorted(desired.secrets.get(path, {}).items()):
        value = values.get(secret)
        kept = there.get(variable, "") if isinstance(secret, FromEnvironment) else ""
        yield f"{variable} {secret} {kept if value is None else sha256(value.encode()).hexdigest()}"


def _relies_on_others(name: str, desired: Desired) -> bool:
    contents = compose_files_in(desired.standings[name].folder, desired.files)
    return not contents or any(word in content for word in OF_OTHERS for content in contents)
