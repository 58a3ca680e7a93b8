"""What deploy itself lays over a user's compose file, and the file that includes all of them; pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployer.composefile.compose_file import Definition
from deployer.composefile.file_names import OURS, UPSTREAM
from deployer.composefile.interpolation import written
from deployer.composefile.ports import Published, published
from deployer.documents.nodes import Node
from deployer.errors import DeployError
from deployer.values.attachments import LocalFile
from deployer.values.quantities import Plain, shown

OLDEST = (2, 24, 4)
"""The first Docker Compose that takes several files in one `include:`, and `!override` in them."""
SAFE = re.compile(r"[\w./-]+", re.ASCII)
HEAD = """\
# Written by deploy: what is laid over docker-compose.upstream.yml. docker-compose.yml includes both.
services:
"""

Public = bool | frozenset[int]
"""Whether all ports may be open to everyone, or which may."""


@dataclass(frozen=True, slots=True)
class LaidOver:
    """The text of our own file, empty where none is needed, and what it does, in a sentence each."""

    text: str = ""
    remarks: tuple[str, ...] = ()


def laid_over(file: Definition, public: Public) -> LaidOver:
    """What makes the ports that the file opens to everyone those of this server alone."""
    if public is True:
        return LaidOver()
    text, remarks = "", []
    for name, service in file.services.items():
        entries = [*published(service)]
        closed = [entry for entry in entries if not stays(entry, public)]
        if not closed or not all(re.match(r"[\d$]", written(entry.target)) for entry in entries):
            continue  # what is no port is told by who looks for mistakes
        lines = dict.fromkeys(line(each, rebound=each in closed) for each in entries)
        text += f"  {name if SAFE.fullmatch(name) else scalar(name)}:\n    ports: !override\n" + "".join(
            lines
        )
        remarks += [remark(name, entry) for entry in closed]
    return LaidOver(HEAD + text if text else "", tuple(remarks))


def stays(entry: Published, public: Public) -> bool:
    """Whether it is this server's alone, or may be open."""
    opened = isinstance(public, frozenset) and bool(entry.ports) and public.issuperset(entry.ports)
    return entry.local or opened


def remark(service: str, entry: Published) -> str:
    """What happens to a port."""
    ports = "-".join(dict.fromkeys(str(port) for port in (entry.ports[:1] + entry.ports[-1:])))
    listed = f"; public: [{ports}] leaves it open" if len(entry.ports) == 1 else ""
    what = f"its service {service} publishes {shown(entry.text)} to everyone"
    return f"{what}: {OURS} binds it to 127.0.0.1{listed}"


def line(entry: Published, rebound: bool) -> str:
    """The entry as it is written, for this server alone if it is to be."""
    value = entry.node.value
    if not isinstance(value, dict):
        return f"      - {scalar(entry.local_text if rebound else written(value))}\n"
    found = {key: scalar_of(node) for key, (_, node) in value.items() if key != "host_ip" or not rebound}
    if rebound:
        found |= {"published": found.get("published", found["target"]), "host_ip": "127.0.0.1"}
    first, *rest = (f"{key}: {text}\n" for key, text in found.items())
    return f"      - {first}" + "".join(f"        {each}" for each in rest)


def scalar_of(node: Node) -> str:
    """A value as it stands in the file, in YAML."""
    plain = isinstance(node.value, Plain) and SAFE.fullmatch(node.value)
    return node.value if plain and isinstance(node.value, str) else scalar(written(node.value or ""))


def scalar(text: str) -> str:
    """A text in YAML: in quotes, which begin and end as those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def together(name: str, over: tuple[LocalFile, ...]) -> Iterator[str]:
    """The lines of the file that has all of them in it, under the name that the first one gives itself."""
    yield "# Written by deploy. Docker Compose takes these together, the later over the earlier.\n"
    if name:
        yield f"name: {scalar(name)}\n"
    yield "include:\n  - path:\n"
    for path in (UPSTREAM, *(each.written for each in over)):
        yield f"      - {path}\n"


def check_version(there: tuple[int, int, int] | None) -> None:
    """The server's Docker Compose, if it has one, takes several files together; raises DeployError."""
    if there and there < OLDEST:
        has, needed = (".".join(map(str, each)) for each in (there, OLDEST))
        raise DeployError(
            f"the server has Docker Compose {has}, and what is laid over a compose file needs {needed}",
            "`docker: {packages: docker.com}` in sites.yaml brings a newer one.",
        )
