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
from deployer.documents.tree import value_of
from deployer.errors import DeployError
from deployer.values.attachments import LocalFile
from deployer.values.quantities import Plain, shown

OLDEST = (2, 24, 4)
"""The first Docker Compose that takes several files in one `include:`, and `!override` in them."""
SAFE = re.compile(r"[\w./-]+", re.ASCII)
LOGGING = """\
    logging:
      driver: json-file
      options: {{max-size: {}, max-file: "3"}}
"""
HEAD = """\
# Written by deploy: what is laid over docker-compose.upstream.yml. docker-compose.yml includes both.
services:
"""

Public = bool | frozenset[int]
"""Whether all ports may be open to everyone, or which may."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What sites.yaml wants of the services: `publish` has (port of this server, service, port inside).

    `live` is the port in the place of which a push may have chosen another one; 0 where it does not.
    """

    public: Public = False
    publish: tuple[tuple[int, str, int], ...] = ()
    log_limit: str = ""
    live: int = 0


@dataclass(frozen=True, slots=True)
class LaidOver:
    """The text of our own file, empty where none is needed, and what it does, in a sentence each."""

    text: str = ""
    remarks: tuple[str, ...] = ()


def laid_over(file: Definition, wishes: Wishes) -> LaidOver:
    """What makes the services of the file as sites.yaml wants them."""
    text, remarks = "", []
    for name, service in file.services.items():
        lines, said = ports_of(name, service, wishes)
        if wishes.log_limit and not value_of(service, "logging"):
            lines += LOGGING.format(scalar(wishes.log_limit))
        if lines:
            text += f"  {name if SAFE.fullmatch(name) else scalar(name)}:\n{lines}"
        remarks += said
    return LaidOver(HEAD + text if text else "", tuple(remarks))


def ports_of(name: str, service: Node, wishes: Wishes) -> tuple[str, list[str]]:
    """The section `ports` of a service, and what it does to those of the file; nothing where they stay."""
    own = {inside: port for port, of, inside in wishes.publish if of == name}
    entries = [each for each in published(service) if each.target not in {*map(str, own)}]
    closed = [entry for entry in entries if not stays(entry, wishes.public)]
    chosen = any(entry.ports == (wishes.live,) for entry in entries)
    if not (closed or own or chosen) or not all(
        re.match(r"[\d$]", written(entry.target)) for entry in entries
    ):
        return "", []  # what is no port is told by who looks for mistakes
    lines = [
        f"      - {scalar(f'127.0.0.1:{chosen_port(port, wishes)}:{inside}')}\n"
        for inside, port in own.items()
    ]
    for each in entries:
        if each.ports == (wishes.live,):
            lines.append(f"      - {scalar(f'127.0.0.1:{chosen_port(wishes.live, wishes)}:{each.target}')}\n")
        else:
            lines.append(line(each, rebound=each in closed))
    return "    ports: !override\n" + "".join(dict.fromkeys(lines)), [remark(name, each) for each in closed]


def chosen_port(port: int, wishes: Wishes) -> str:
    """The port on the server, as Docker Compose finds it."""
    return f"${{DEPLOY_PORT:-{port}}}" if port == wishes.live else str(port)


def stays(entry: Published, public: Public) -> bool:
    """Whether it is this server's alone, or may be open."""
    if public is True:
        return True
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
