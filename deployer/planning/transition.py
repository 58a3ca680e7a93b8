"""In which order containers come up, and what gives way to them, when ports change hands; pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from deployer.planning.holding import Places, Ports, ports_in_words, taken
from deployer.seen.stacks import Stack, Standing


@dataclass(frozen=True, slots=True)
class Step:
    """Compositions that come up; several only when each shall have what another of them has now.

    `after` are the compositions that have moved away before these begin, `instead_of` the Compose projects
    that stop for them, as soon as all else is ready, and end when these are well. `crossed`: one whose own
    domains change places, so that it stops before it begins anew.
    """

    names: tuple[str, ...]
    after: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    crossed: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """Containers that are stopped and removed: those of a composition that Docker Compose calls `project`.

    With an `heir` only the name ends: that one goes on with them.
    """

    name: str
    project: str
    heir: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """From what runs to what is wanted: the compositions that come up, and those that end.

    `there` has the folder and the project of each that we wrote, by name, `has` the ports that are its own
    now, `stacks` what runs, by project.
    `renamed` says whose place a new one takes; of those that are `crossed`, one domain shall lead to a port
    to which another leads now. `waits` has for some the others that must have let go of something else first.
    """

    wanted: Mapping[str, Standing]
    there: Places
    has: Ports
    stacks: Mapping[str, Stack]
    coming: Collection[str]
    ended: Collection[Ending]
    renamed: Mapping[str, str]
    crossed: Collection[str] = ()
    waits: Mapping[str, Collection[str]] = field(default_factory=dict)

    def steps(self) -> tuple[Step, ...]:
        """All that come up, in an order in which each finds free what it wants."""
        left = sorted(self.coming)
        found: list[Step] = []
        while left:
            free = [name for name in left if not self._before(name) & {*left}]
            together: list[tuple[str, ...]] = [(name,) for name in free] or [self._circle(left)]
            for names in together:
                before = set().union(*map(self._before, names)) - {*names}
                instead = set().union(*map(self._instead_of, names))
                crossed = len(names) == 1 and names[0] in self.crossed
                found.append(Step(names, tuple(sorted(before)), tuple(sorted(instead)), crossed))
                left = [name for name in left if name not in names]
        return tuple(found)

    def remarks(self, steps: Collection[Step]) -> Iterator[str]:
        """What changes hands, in words."""
        for step in steps:
            if len(step.names) > 1:
                names = f"{', '.join(step.names[:-1])} and {step.names[-1]}"
                yield f"{names} change {self._what(step.names)}: all of them stop before the first begins"
            if step.crossed:
                yield f"{step.names[0]} changes ports between its domains: it stops before it begins anew"
            for name in step.names:
                yield from self._move(name)
                for other, ports in taken(name, self.wanted[name], self.there, self.has).items():
                    goes = other in {each.name for each in self.ended if not each.heir}
                    how = "that stops when all else is ready" if goes else "that moves away first"
                    if len(step.names) == 1:
                        yield f"{name} takes {ports_in_words(ports)} of {other}: {how}"

    def successor(self, old: str) -> str:
        """Who comes up instead of one that ends, and by failing keeps it; empty for nobody."""
        projects = {each.project for each in self.ended if each.name == old}
        return next((name for name in sorted(self.coming) if self._instead_of(name) & projects), "")

    def _move(self, name: str) -> Iterator[str]:
        standing = self.wanted[name]
        _, project = self.there.get(name, ("", standing.project))
        stack = self.stacks.get(project)
        if stack and project != standing.project:
            yield f"{name} is the Compose project {standing.project} now: {project} ends when that is well"
        if stack and stack.ports and standing.ports and not stack.ports & standing.ports:
            yield f"{name} moves from {ports_in_words(stack.ports)} to {ports_in_words(standing.ports)}"

    def _before(self, name: str) -> set[str]:
        """Those that come up too, and have now what this one shall have, or whose containers have it."""
        others = {*taken(name, self.wanted[name], self.there, self.has)}
        heirs = {heir(self.there[other][1], self.wanted) for other in others}
        return (others | heirs | {*self.waits.get(name, ())}) & {*self.coming} - {name}

    def _what(self, names: Collection[str]) -> str:
        takes = (taken(name, self.wanted[name], self.there, self.has) for name in names)
        return "ports" if any(others.keys() & {*names} for others in takes) else "places"

    def _instead_of(self, name: str) -> set[str]:
        """The projects that end, and have now what this one shall have."""
        standing = self.wanted[name]
        others = {name, self.renamed.get(name), *taken(name, standing, self.there, self.has)}
        return {each.project for each in self.ended if each.name in others and each.heir in ("", name)}

    def _circle(self, left: Collection[str]) -> tuple[str, ...]:
        """Some of them that wait for one another, where all wait for one of them."""
        way = [min(left)]
        while (following := min(self._before(way[-1]) & {*left})) not in way:
            way.append(following)
        return tuple(sorted(way[way.index(following) :]))


def heir(project: str, wanted: Mapping[str, Standing]) -> str:
    """Who shall go on with a Compose project, under whatever name; empty for nobody."""
    return next((name for name, standing in sorted(wanted.items()) if standing.project == project), "")
