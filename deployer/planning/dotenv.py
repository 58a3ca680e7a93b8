"""What changes in .env files; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import PurePosixPath

from deployer.planning.desired import Desired
from deployer.planning.inheritance import given, inherited_values, text_of
from deployer.planning.moving import VALUES
from deployer.planning.plan import Change, SecretChange
from deployer.seen.observation import Observation
from deployer.seen.stacks import ours
from deployer.values.secrets import Secret, Withdrawn

OURS_ALONE = "/etc/deploy/"
"""Only parts have a .env there: in that of an entry, a person may have lines, or data was made with one."""


def value_changes(
    changes: Iterable[Change],
    desired: Desired,
    seen: Observation,
    values: Mapping[Secret, str],
    in_scope: Callable[[str | None], bool],
    old_names: Mapping[str, str],
) -> Iterator[SecretChange]:
    """What is written into .env files and taken out of them, beside these changes of files.

    `old_names` says whose place a new composition takes. What that one loses is copied before it is gone.
    """
    found = {(each.path, each.name): each for each in missing_values(desired, seen, values)}
    found |= {(each.path, each.name): each for each in inherited_values(old_names, desired, seen)}
    yield from (each for each in found.values() if in_scope(each.composition or None))
    yield from withdrawn_values(changes, desired)
    yield from values_of_nobody(desired, seen)


def values_of_nobody(desired: Desired, seen: Observation) -> Iterator[SecretChange]:
    """The values that no part wants any more, in a .env that is ours alone."""
    for path, secrets in sorted(desired.secrets.items()):
        if path.startswith(OURS_ALONE):
            for name in sorted(seen.secrets.get(path, {}).keys() - secrets.keys()):
                yield SecretChange(path, name, Withdrawn(), False, "")


def missing_values(
    desired: Desired, seen: Observation, values: Mapping[Secret, str]
) -> Iterator[SecretChange]:
    """The values that are not there, or not as they shall be."""
    for path, secrets in sorted(desired.secrets.items()):
        there = seen.secrets.get(path, {})
        for name, secret in secrets.items():
            value = values.get(secret)
            if name not in there or (value is not None and sha256(value.encode()).hexdigest() != there[name]):
                yield SecretChange(path, name, secret, name not in there, desired.site_of.get(path, ""))


def withdrawn_values(changes: Iterable[Change], desired: Desired) -> Iterator[SecretChange]:
    """The values that stood in sites.yaml when these changes were last applied, and do not any more."""
    for change in changes:
        if not change.path.startswith(VALUES):
            continue
        name = PurePosixPath(change.path).stem
        there = ours({name: text_of(change.before)})
        if name not in there:  # no composition, or somebody has edited away where it stands
            continue
        path = f"{there[name][0]}/.env"
        for key in sorted(given(change.before) - given(change.after) - {*desired.secrets.get(path, {})}):
            yield SecretChange(path, key, Withdrawn(), False, name)
