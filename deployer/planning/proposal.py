"""What a server that was set up by hand has already, as entries of sites.yaml to begin with; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from deployer.files import File, Link
from deployer.seen.blocks import PHP, Block, blocks, upstream_ports
from deployer.seen.stacks import Stack

DOMAIN = re.compile(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")
ELSEWHERE = re.compile(r"https?://[a-z0-9.-]+", re.IGNORECASE)


@dataclass(slots=True)
class Served:
    """A site as NGINX has it: the file, its names with the main one first, and its servers."""

    path: str
    names: list[str] = field(default_factory=list)
    servers: list[Block] = field(default_factory=list)

    def add(self, names: Iterable[str], server: Block) -> None:
        """One more server of it."""
        self.names = list(dict.fromkeys([*self.names, *names]))
        self.servers.append(server)

    def values(self, directive: str) -> list[str]:
        """The words after each of these directives."""
        return [word for server in self.servers for word in server.values(directive)]

    def ports(self, upstreams: Mapping[str, str]) -> dict[str, str]:
        """The ports of this machine to which it passes visitors on, by the location."""
        found: dict[str, str] = {}
        for server in self.servers:
            found = {**server.ports(upstreams), **found}
        return found


def proposals(files: Mapping[str, File | Link], stacks: Iterable[Stack]) -> Iterator[str]:
    """The lines of an entry for each domain that NGINX's files serve, and for other containers that run."""
    left = {stack.project: stack for stack in stacks if stack.running}
    texts = {
        path: file.content.decode(errors="replace") for path, file in files.items() if isinstance(file, File)
    }
    every = [(path, block) for path, text in sorted(texts.items()) for block in blocks(text)]
    upstreams = upstream_ports(block for _, block in every)
    for site in _sites([(path, block) for path, block in every if block.kind == "server"], upstreams):
        yield f"{site.names[0]}:  # in {site.path}"
        yield from (f"  {line}" for line in _entry(site, upstreams, left))
    for stack in left.values():
        ports = ", ".join(sorted(stack.ports)) or "no ports"
        yield f"# the Compose project {stack.project} in {stack.folder} ({ports}) is for `kind: compose`"


def entries_there(written: Iterable[str]) -> list[str]:
    """The sites and services among the paths that an apply wrote."""
    found = (re.fullmatch(r"/etc/(?:deploy/sites|nginx/conf\.d)/(?!00-)(.+)\.conf", path) for path in written)
    return sorted({each[1] for each in found if each})


def _sites(servers: list[tuple[str, Block]], upstreams: Mapping[str, str]) -> list[Served]:
    """What is served, each once: a server that only leads elsewhere adds names to the one that it is for."""
    found: list[Served] = []
    for path, server in sorted(servers, key=lambda each: not _answers(each[1], upstreams)):
        names = [name for word in server.values("server_name") if DOMAIN.fullmatch(name := word.lower())]
        owners = [site for site in found if {*site.names} & {*names}]
        if len(owners) > 1:  # of all sites for http://
            owned = {name for site in owners for name in site.names}
            names, owners = [name for name in names if name not in owned], []
        if names:
            if not owners:
                found.append(Served(path))
            (owners or found)[-1].add(names, server)
    return found


def _answers(server: Block, upstreams: Mapping[str, str]) -> bool:
    """Whether it has something of its own to show."""
    return bool(server.ports(upstreams) or any(server.values(word) for word in ("root", *PHP)))


def _entry(site: Served, upstreams: Mapping[str, str], left: dict[str, Stack]) -> Iterator[str]:
    ports, roots = site.ports(upstreams), site.values("root")
    place = _place(ports, bool(roots))
    port = ports.get(place, "")
    away = [word for word in site.values("return") if ELSEWHERE.match(word)]
    target = next((word for word in away if not any(f"//{name}" in word for name in site.names)), "")
    if stack := next((each for each in left.values() if f"{port}/tcp" in each.ports), None):
        del left[stack.project]
        yield from ("kind: compose", f"file: {stack.project}.yml  # a copy of that in {stack.folder}")
        yield from (f"port: {port}", f"directory: {stack.folder}", f"project: {stack.project}")
    elif port:
        yield from ("kind: proxy", f"port: {port}")
    elif any(site.values(word) for word in PHP):
        where, old = (
            (f" in {root}", f" with `takes_over: {root}`") if (root := (roots or [""])[0]) else ("", "")
        )
        yield f"kind: …  # a program in PHP{where}: `kind: php`, or `kind: wordpress`{old}"
    elif roots:
        yield from ("kind: static", f"repository: …  # what is in {roots[0]} now")
    elif target:
        yield from ("kind: redirect", f"to: {target.split('$')[0].rstrip('/')}")
    else:
        yield "kind: …"
    if aliases := site.names[1:]:
        yield f"aliases: [{', '.join(aliases)}]"
    for location, other in ports.items():
        if other != port and not location.startswith("@"):
            yield f"# {location} goes to port {other}: a location of its own, below `nginx: |`"


def _place(ports: Mapping[str, str], has_files: bool) -> str:
    """The location whose port is that of the site, of all of it or of what is no file; empty: it is files."""
    rest = next((location for location in ports if location.startswith("@")), "")
    if "/" in ports or "" in ports:
        return "/" if "/" in ports else ""
    return rest or ("" if has_files else next(iter(ports), ""))
