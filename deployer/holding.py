"""Which ports of the server are whose now, by what runs and by where NGINX leads visitors; pure."""

import re
from collections.abc import Collection, Mapping

from deployer.desired.stacks import Stack, Standing
from deployer.files import File, Link
from deployer.observation import Observation

Places = Mapping[str, tuple[str, str]]
"""The folder and the Compose project of each composition, by its name."""
Ports = Mapping[str, frozenset[str]]
"""Ports such as `8101/tcp`, by the name of the composition that has them."""


def with_runners(there: Places, wanted: Mapping[str, Standing], stacks: Mapping[str, Stack]) -> Places:
    """Those that we wrote, and those whose project runs though nothing tells that we wrote them."""
    known = {project for _, project in there.values()}
    runs = {name: each.place for name, each in wanted.items() if each.project in stacks.keys() - known}
    return runs | {**there}


def holding(there: Places, stacks: Mapping[str, Stack], files: Mapping[str, File | Link]) -> Ports:
    """What each composition has now; one that does not run has the port to which NGINX leads its visitors."""
    return {
        name: stacks.get(project, Stack(project)).ports | _led_to(files.get(f"/etc/deploy/sites/{name}.conf"))
        for name, (_, project) in there.items()
    }


def _led_to(values: File | Link | None) -> frozenset[str]:
    text = values.content.decode(errors="replace") if isinstance(values, File) else ""
    return frozenset(f"{port}/tcp" for port in re.findall(r"^PORT='?(\d+)'?$", text, re.MULTILINE))


def ports_led_to(file: File | Link | None) -> frozenset[str]:
    """The ports of this server to which an NGINX file leads."""
    if not isinstance(file, File):
        return frozenset()
    found = re.findall(r"127\.0\.0\.1:(\d+)", file.content.decode(errors="replace"))
    return frozenset(f"{port}/tcp" for port in found)


def taken(name: str, standing: Standing, there: Places, has: Ports) -> Ports:
    """The ports that a composition shall have and others that we wrote have now, by the names of those."""
    return {
        other: has[other] & standing.ports
        for other, (_, project) in sorted(there.items())
        if other != name and project != standing.project and has[other] & standing.ports
    }


def kept_from(
    wanted: Mapping[str, Standing],
    there: Places,
    seen: Observation,
    scope: Collection[str] | None,
    waiting: Collection[str],
) -> dict[str, str]:
    """Those whose port another of ours keeps, which is not in scope or waits itself; with the reason."""
    everyone = with_runners(there, wanted, seen.facts.stacks)
    has = holding(everyone, seen.facts.stacks, seen.files)
    takes = {
        name: taken(name, standing, everyone, has)
        for name, standing in wanted.items()
        if name not in waiting and (scope is None or name in scope)
    }
    found: dict[str, str] = {}
    while kept := {
        name: f"{other} has its {ports_in_words(ports)} until that is applied, too"
        for name, others in takes.items()
        if name not in found
        for other, ports in others.items()
        if other in waiting or other in found or (scope is not None and other not in scope)
    }:
        found |= kept
    return found


def ports_in_words(ports: Collection[str]) -> str:
    """`port 8101`, `ports 8101 and 53/udp`."""
    plain = [port.removesuffix("/tcp") for port in sorted(ports)]
    return f"port{'s' if len(plain) > 1 else ''} {' and '.join(plain)}"
