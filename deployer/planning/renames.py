"""Compositions that go on under another name; pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from deployer.files import Files
from deployer.planning.desired import Desired
from deployer.planning.holding import holding
from deployer.planning.inheritance import compose_files_in, data_of_both, inheritances, inherited_names
from deployer.planning.moving import VALUES, compositions_there, proposal
from deployer.planning.plan import Plan
from deployer.seen.observation import Observation
from deployer.seen.stacks import Stack, Standing
from deployer.values.secrets import Generated

SHARED = re.compile(r"/usr/local/lib/deploy/|/etc/systemd/system/(.*/)?deploy-resume\.")
"""What goes with the last one that is pushed or runs in containers."""
OF_ALL = re.compile(r"/etc/nginx/conf\.d/(00-|\+)deploy(-[a-z]+)?\.conf")
"""What all sites share, or all of a kind: no domain is without a dot."""


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
    old_names = renamed(desired.coming, desired.files, seen) if desired.waiting else {}
    return desired.waiting | {old for name, old in old_names.items() if name in desired.waiting}


def _likeness(
    name: str, standing: Standing, old: str, place: tuple[str, str], files: Files, seen: Observation
) -> int:
    """How much speaks for it: the same project most, and a port of its own more than the same file."""
    folder, project = place
    before = _anonymous(compose_files_in(folder, seen.files), folder, old, project)
    after = compose_files_in(standing.folder, files)
    same_file = bool(before) and before == _anonymous(after, standing.folder, name, standing.project)
    same_port = bool(standing.ports & holding({old: place}, seen.facts.stacks, seen.files)[old])
    return 4 * (project == standing.project) + 2 * same_port + same_file


def _anonymous(contents: Iterable[bytes], *names: str) -> bytes:
    """The content of compose files without the names of their composition; empty where there is none."""
    content = b"".join(contents)
    for name in names:  # as whole words: `a` is a name, too
        content = re.sub(rb"(?<![\w.-])%s(?![\w.-])" % re.escape(name.encode()), b"NAME", content)
    return content


def remarks(old_names: Mapping[str, str], desired: Desired, seen: Observation) -> Iterator[str]:
    """What becomes of the data of those whose place is taken."""
    for name, old in old_names.items():
        yield f"{name} takes the place of {old}, and {'. '.join(_becomes(name, old, desired, seen))}"


def _becomes(name: str, old: str, desired: Desired, seen: Observation) -> Iterator[str]:
    """What the new one goes on with, what stays of the old one, and how to take that over, too."""
    folder, project = compositions_there(seen)[old]
    standing, stack = desired.coming[name], seen.facts.stacks.get(project, Stack(project, folder))
    both = data_of_both(standing, old, seen)
    left = _in_words(stack.volumes - {*both})
    keys = ", ".join(inherited_names(name, old, desired, seen))
    values, over = [f"its values of {keys}"] if keys else [], "it over"
    if standing.place == (folder, project):
        yield "goes on with its folder, volumes and secrets"
        return
    if standing.project == project:
        has, over = " and ".join([*left, *values]), "that over, too"
        yield f"goes on as its Compose project {project}{f', with {has}' if has else ''}"
        yield f"What{' else' if keys else ''} is in {folder} stays there"
    elif standing.folder == folder:
        yield f"goes on with its folder and secrets{', but with empty volumes' if left else ''}"
        if not left:
            return
        yield f"Of {old} stays {left[0]}"
    else:
        has = " and ".join([*_in_words(both), *values]) + (", but else with empty volumes" if left else "")
        yield f"goes on with {has}" if both else _by_itself(standing, desired, seen)
        yield f"Of {old} stays {', '.join([f'what is in {folder}', *left])}"
    yield proposal(Stack(project, folder), standing, over)


def _by_itself(standing: Standing, desired: Desired, seen: Observation) -> str:
    """With which volumes and values one begins that goes on with nothing of another's."""
    path = f"{standing.folder}/.env"
    stack = seen.facts.stacks.get(standing.project, Stack(standing.project))
    keys = {key for key, each in desired.secrets.get(path, {}).items() if isinstance(each, Generated)}
    own = keys & seen.secrets.get(path, {}).keys()
    has = _in_words(stack.volumes) or ["empty volumes"]
    has += [f"the values of {', '.join(sorted(own))} in {path}"] if own else []
    has += [f"new values of {', '.join(sorted(keys - own))}"] if keys - own else []
    begins = "goes on with what is there by its own name:" if stack.volumes else "begins anew: with"
    return f"{begins} {' and '.join(has)}"


def _in_words(data: Collection[str]) -> list[str]:
    """Volumes and folders in words; none for none."""
    volumes, folders = sorted(v for v in data if v[0] != "/"), sorted(v for v in data if v[0] == "/")
    said = [f"volume{'s' if len(volumes) > 1 else ''} {', '.join(volumes)}"] if volumes else []
    return [*said, ", ".join(folders)] if folders else said


def env_files_of_renamed(desired: Desired, seen: Observation) -> set[str]:
    """The .env files of those that go on with the data of another, and of that one."""
    old_names = renamed(desired.coming, desired.files, seen)
    return {path for each in inheritances(old_names, desired.coming, seen).values() for path in each}


def with_renamed(plan: Plan, desired: Desired, seen: Observation) -> Plan:
    """The plan with what a person should know of those whose place is taken."""
    old_names = renamed(desired.coming, desired.files, seen)
    return replace(plan, notes=(*plan.notes, *remarks(old_names, desired, seen)))


def without_waiting(gone: Collection[str], desired: Desired, files: Files, seen: Observation) -> list[str]:
    """The paths that go, without those of compositions whose place is not taken by these files.

    One whose name is something else by now goes all the same.
    """
    old_names = renamed(desired.coming, desired.files, seen)
    wanted = {*desired.names, *desired.site_of.values()}
    staying = [
        old
        for name, old in old_names.items()
        if f"{desired.coming[name].folder}/docker-compose.yml" not in files and old not in wanted
    ]
    there = compositions_there(seen)
    domains = {*entries(seen.written)}
    return [path for path in gone if not any(belongs(path, old, there[old][0], domains) for old in staying)]


def without_staying(gone: Collection[str], staying: Collection[str], seen: Observation) -> list[str]:
    """The paths that go, without those of these names, and what they are pushed and brought up with."""
    there = compositions_there(seen)
    folders = {name: there.get(name, (f"/opt/{name}", ""))[0] for name in staying}
    domains = {*staying, *entries(seen.written)}
    is_needed = any(f"{VALUES}{name}.conf" in seen.written for name in staying)
    return [
        path
        for path in gone
        if not any(belongs(path, *each, domains) for each in folders.items())
        and not (is_needed and SHARED.match(path))
    ]


def entries(paths: Iterable[str]) -> Iterator[str]:
    """The sites and services that these files belong to."""
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder in ("/etc/nginx/conf.d", "/etc/deploy/sites") and not OF_ALL.fullmatch(path):
            yield name.removesuffix(".conf")


def belongs(path: str, name: str, folder: str, domains: Collection[str]) -> bool:
    """Whether the path is one of the site or service of this name, which stands in this folder, if in any.

    Of several domains that it could be named after it is the longest's.
    """
    own = (
        f"{VALUES}{name}.conf",
        f"/etc/nginx/conf.d/{name}.conf",
        f"/etc/deploy/backup/{name}",
        f"/etc/deploy/hooks/{name}.before",
        f"/etc/deploy/hooks/{name}.after",
    )
    inside = folder != "" and path.startswith(f"{folder}/")
    return path in own or inside or (name in path and named_after(path, domains) == name)


def named_after(path: str, domains: Collection[str]) -> str:
    """The domain whose name is a part of the path, such as `deploy-wiki-DOMAIN.service`, of any kind.

    Names without a dot are not among them: /etc/sysusers.d/deploy-keys.conf is no service's.
    """
    found = (
        domain
        for domain in domains
        if "." in domain
        and domain in path
        and re.search(rf"[/@-]{re.escape(domain)}(\.[a-z]+)*(/|$)", path)
        and not path.startswith("/opt/")  # which folder there is whose, is known
    )
    return max(found, key=len, default="")
