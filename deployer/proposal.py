"""What a server that was set up by hand has already, as entries of sites.yaml to begin with; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping

from deployer.desired.stacks import Stack
from deployer.files import File, Link

DOMAIN = re.compile(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")
WORDS = re.compile(r"\"[^\"]*\"|'[^']*'|[{};]|[^\s{};]+")
LOCAL = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)")
ELSEWHERE = re.compile(r"https?://[a-z0-9.-]+", re.IGNORECASE)


def proposals(files: Mapping[str, File | Link], stacks: Iterable[Stack]) -> Iterator[str]:
    """The lines of an entry for each domain that NGINX's files serve, and for other containers that run."""
    left = {stack.project: stack for stack in stacks if stack.running}
    sites: dict[str, list[list[str]]] = {}
    for path, file in sorted(files.items()):
        for block in _servers(file.content.decode(errors="replace") if isinstance(file, File) else ""):
            if names := [name for name in _values(block, "server_name") if DOMAIN.fullmatch(name)]:
                sites.setdefault(names[0], [[path]]).append(block)
    for domain, ((path,), *blocks) in sites.items():
        yield f"{domain}:  # in {path}"
        yield from (f"  {line}" for line in _entry(domain, blocks, left))
    for stack in left.values():
        ports = ", ".join(sorted(stack.ports)) or "no ports"
        yield f"# the Compose project {stack.project} in {stack.folder} ({ports}) is for `kind: compose`"


def entries_there(written: Iterable[str]) -> list[str]:
    """The sites and services among the paths that an apply wrote."""
    found = (re.fullmatch(r"/etc/(?:deploy/sites|nginx/conf\.d)/(?!00-)(.+)\.conf", path) for path in written)
    return sorted({each[1] for each in found if each})


def _entry(domain: str, blocks: list[list[str]], left: dict[str, Stack]) -> Iterator[str]:
    every = [word for block in blocks for word in block]
    names = dict.fromkeys(name for block in blocks for name in _values(block, "server_name"))
    aliases = [name for name in names if name != domain and DOMAIN.fullmatch(name)]
    port = next((found[1] for word in every if (found := LOCAL.match(word))), "")
    away = [word for word in _values(every, "return") if ELSEWHERE.match(word)]
    target = next((word for word in away if not any(f"//{name}" in word for name in names)), "")
    if stack := next((each for each in left.values() if f"{port}/tcp" in each.ports), None):
        del left[stack.project]
        yield from ("kind: compose", f"file: {stack.project}.yml  # a copy of that in {stack.folder}")
        yield from (f"port: {port}", f"directory: {stack.folder}", f"project: {stack.project}")
    elif port:
        yield from ("kind: proxy", f"port: {port}")
    elif roots := _values(every, "root"):
        yield from ("kind: static", f"repository: …  # what is in {roots[0]} now")
    elif target:
        yield from ("kind: redirect", f"to: {target.split('$')[0].rstrip('/')}")
    else:
        yield "kind: …"
    if aliases:
        yield f"aliases: [{', '.join(aliases)}]"


def _servers(text: str) -> Iterator[list[str]]:
    """The words of each server block."""
    words = WORDS.findall(re.sub(r"(^|\s)#[^\n]*", r"\1", text))
    depth, block, before = 0, [""], ""
    for word in words:
        if word == "{":
            if before == "server" and not depth:
                block, depth = [], 1
            elif depth:
                depth += 1
        elif word == "}" and depth:
            depth -= 1
            if not depth:
                yield block
        if depth:
            block.append(word.strip("\"'"))
        before = word


def _values(block: list[str], directive: str) -> list[str]:
    """The words after each of these directives."""
    found: list[str] = []
    inside = False
    for before, word in zip(["", *block], block, strict=False):
        if word in (";", "{", "}"):
            inside = False
        elif inside:
            found.append(word)
        elif word == directive and before in ("", ";", "{", "}"):
            inside = True
    return found
