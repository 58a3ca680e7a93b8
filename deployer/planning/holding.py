"""Which ports of the server are whose now, by what runs and by where NGINX leads visitors; pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from deployer.files import File, Link
from deployer.seen.stacks import Stack, Standing

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


@dataclass(frozen=True, slots=True, order=True)
class Takeover:
    """What one has now and `new` shall have instead of it: `what` in words, such as `port 8101`.

    `kind` is name, port, project, folder or volume; `goes`: nobody wants the old one any more.
    """

    new: str
    old: str
    kind: str
    what: str
    goes: bool = False

    def why_not(self, scope: Collection[str] | None) -> str:
        """Why the new one waits while the old one stays as it is."""
        if not self.goes:
            return f"{self.old} has {self.what} until that is applied, too"
        return (
            f"{self.old} has {self.what} until {'it goes' if scope is None else 'deploy apply without names'}"
        )


def kept_from(
    takeovers: Collection[Takeover], scope: Collection[str] | None, staying: Collection[str]
) -> dict[str, str]:
    """Those that shall have something of what stays, in however many steps, with the reason."""
    chosen = [each for each in takeovers if each.new not in staying and (scope is None or each.new in scope)]
    found: dict[str, str] = {}
    while kept := {
        each.new: each.why_not(scope)
        for each in chosen
        if each.new not in found
        and (each.old in staying or each.old in found or (scope is not None and each.old not in scope))
    }:
        found |= kept
    return found


def ports_in_words(ports: Collection[str]) -> str:
    """`port 8101`, `ports 8101 and 53/udp`."""
    plain = [port.removesuffix("/tcp") for port in sorted(ports)]
    return f"port{'s' if len(plain) > 1 else ''} {' and '.join(plain)}"
