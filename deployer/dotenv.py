"""What changes in the .env files of compositions; pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import PurePosixPath

from deployer.desired import Desired
from deployer.desired.stacks import ours
from deployer.files import File, Link
from deployer.moving import VALUES
from deployer.observation import Observation
from deployer.plan import Change, SecretChange
from deployer.secrets import Secret, Withdrawn

GIVEN = re.compile(r"^GIVEN='?([^'\n]*)'?$", re.MULTILINE)


def value_changes(
    changes: Iterable[Change],
    desired: Desired,
    seen: Observation,
    values: Mapping[Secret, str],
    in_scope: Callable[[str], bool],
) -> Iterator[SecretChange]:
    """What is written into .env files and taken out of them, beside these changes of files."""
    yield from (each for each in missing_values(desired, seen, values) if in_scope(each.composition))
    yield from withdrawn_values(changes, desired)


def missing_values(
    desired: Desired, seen: Observation, values: Mapping[Secret, str]
) -> Iterator[SecretChange]:
    """The values that are not there, or not as they shall be."""
    names = {f"{standing.folder}/.env": name for name, standing in desired.standings.items()}
    for path, secrets in sorted(desired.secrets.items()):
        there = seen.secrets.get(path, {})
        for name, secret in secrets.items():
            value = values.get(secret)
            if name not in there or (value is not None and sha256(value.encode()).hexdigest() != there[name]):
                yield SecretChange(path, name, secret, name not in there, names[path])


def withdrawn_values(changes: Iterable[Change], desired: Desired) -> Iterator[SecretChange]:
    """The values that stood in sites.yaml when these changes were last applied, and do not any more."""
    for change in changes:
        if not change.path.startswith(VALUES):
            continue
        name = PurePosixPath(change.path).stem
        there = ours({name: _text(change.before)})
        if name not in there:  # no composition, or somebody has edited away where it stands
            continue
        path = f"{there[name][0]}/.env"
        for key in sorted(_given(change.before) - _given(change.after) - {*desired.secrets.get(path, {})}):
            yield SecretChange(path, key, Withdrawn(), False, name)


def _given(file: File | Link | None) -> frozenset[str]:
    return frozenset(word for words in GIVEN.findall(_text(file)) for word in words.split())


def _text(file: File | Link | None) -> str:
    return file.content.decode(errors="replace") if isinstance(file, File) else ""
