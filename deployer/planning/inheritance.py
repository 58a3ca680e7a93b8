"""What of another's data and values a composition goes on with that takes its place; pure.

A database opens with the values only that it was made with: so they go wherever its data goes.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from deployer.composefile.file_names import names_there
from deployer.composefile.interpolation import UNKNOWN
from deployer.files import File, Link
from deployer.planning.desired import Desired
from deployer.planning.moving import VALUES, compositions_there
from deployer.planning.plan import SecretChange
from deployer.seen.observation import Observation
from deployer.seen.stacks import Standing
from deployer.values.attachments import LocalFile
from deployer.values.secrets import Generated, Inherited

FOLDER = re.compile(r"(/[\w.@+-]+)+")
GIVEN = re.compile(r"^(?:GIVEN|TAKEN)='?([^'\n]*)'?$", re.MULTILINE)


def data_of_both(standing: Standing, old: str, seen: Observation) -> list[str]:
    """The volumes and folders that both have, though their Compose projects are two."""
    folder, project = compositions_there(seen)[old]
    return [] if standing.project == project else data_in(folder, standing, seen)


def data_in(folder: str, standing: Standing, seen: Observation) -> list[str]:
    """What the composition in a folder on the server has of the volumes and folders of this one."""
    contents = compose_files_in(folder, seen.files)
    text = b"".join(contents).decode(errors="replace")
    by_variables = _by_variables(contents, seen.secrets.get(f"{folder}/.env", {}), standing)
    return sorted(
        each
        for each in standing.of_any_name
        if each.startswith(f"{folder}/")
        or each in by_variables
        or re.search(rf"(?<![\w./-]){re.escape(each)}(?![\w.-])", text)
    )


def compose_files_in(folder: str, files: Mapping[str, File | Link | None]) -> list[bytes]:
    """What the compose files of a composition say, in their order, without one that only includes them."""
    found = [files.get(f"{folder}/{name}") for name in names_there(f"{folder}/", files)]
    return [file.content for file in found if isinstance(file, File)]


def _by_variables(contents: list[bytes], there: Mapping[str, str], standing: Standing) -> frozenset[str]:
    """What compose files mount under any name, where their variables have the new one's values.

    `there` has the digests of the values that are in its .env: no more of them is known here.
    """
    if not any(b"$" in each for each in contents):
        return frozenset()
    from deployer.composefile.compose_file import definition
    from deployer.composefile.volumes import of_any_name

    same = {
        name: value for name, value in standing.given if there.get(name) == sha256(value.encode()).hexdigest()
    }
    given = tuple(sorted({**dict.fromkeys(there), **same}.items()))
    file, *over = (LocalFile("", "", content) for content in contents)
    found = of_any_name(definition(file, given, tuple(over)))
    return frozenset(each for each in found if UNKNOWN not in each)


def inheritances(
    old_names: Mapping[str, str], wanted: Mapping[str, Standing], seen: Observation
) -> dict[str, tuple[str, str]]:
    """The .env of each of these that goes on with another's data, and the .env of that one, by the name."""
    there = compositions_there(seen)
    found = {}
    for name, standing in wanted.items():
        if name in there:
            continue
        folder = _where_it_runs(standing, seen)
        if name in old_names:
            former, project = there[old_names[name]]
            goes_on = standing.project == project or data_of_both(standing, old_names[name], seen)
            folder = former if goes_on else folder
        if folder not in ("", standing.folder):
            found[name] = f"{standing.folder}/.env", f"{folder}/.env"
    return found


def _where_it_runs(standing: Standing, seen: Observation) -> str:
    """The folder in which its Compose project was started by hand; empty where that is not known."""
    stack = seen.facts.stacks.get(standing.project)
    return stack.folder if stack and FOLDER.fullmatch(stack.folder) else ""


def inherited_names(name: str, old: str, desired: Desired, seen: Observation) -> list[str]:
    """What of the old one's .env the new one has, too: all that has no value from sites.yaml, nor had one.

    `old` is empty where somebody has started it by hand.
    """
    old_names = {name: old} if old else {}
    pair = inheritances(old_names, {name: desired.coming[name]}, seen).get(name)
    if not pair:
        return []
    wanted, was_given = desired.secrets.get(pair[0], {}), given(seen.files.get(f"{VALUES}{old}.conf"))
    return [
        key
        for key in sorted(seen.secrets.get(pair[1], {}))
        if isinstance(wanted.get(key), Generated) or key not in {*wanted, *was_given}
    ]


def inherited_values(
    old_names: Mapping[str, str], desired: Desired, seen: Observation
) -> Iterator[SecretChange]:
    """The values that are to be copied, as they are not there yet or others are."""
    for name, (path, source) in sorted(inheritances(old_names, desired.standings, seen).items()):
        there, old = seen.secrets.get(path, {}), seen.secrets.get(source, {})
        for key in inherited_names(name, old_names.get(name, ""), desired, seen):
            if there.get(key) != old[key]:
                yield SecretChange(path, key, Inherited(source), key not in there, name)


def given(file: File | Link | None) -> frozenset[str]:
    """The names of the values of sites.yaml, or of a .env it names, as when this file was written."""
    return frozenset(word for words in GIVEN.findall(text_of(file)) for word in words.split())


def text_of(file: File | Link | None) -> str:
    """What the file says; nothing where it is none."""
    return file.content.decode(errors="replace") if isinstance(file, File) else ""
