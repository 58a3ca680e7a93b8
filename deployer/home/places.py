"""Where archives are: on the server, here at home, in S3; each lists them, and lets one be read."""

import json
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployer.archives import DIGEST, Archive, beginning, digest_of, parse
from deployer.config.suggestions import suggest
from deployer.errors import DeployError, UsageError
from deployer.home.plain import CHUNK
from deployer.home.store import Store

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.server.connection import Server

ON_THE_SERVER = "/home/backups"
LIST = (
    f"cd {ON_THE_SERVER} 2>/dev/null && find . -mindepth 2 -maxdepth 2 -type f -printf '%P\\t%s\\n'; "
    'cd /var/log/deploy 2>/dev/null && grep -hF \'"warnings":["\' backup.log.1 backup.log 2>/dev/null; :'
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place with archives; `reading` gives the encrypted bytes of one, and its SHA-256 or nothing."""

    name: str
    archives: list[Archive]
    reading: "Callable[[Archive], AbstractContextManager[tuple[Iterable[bytes], str]]]"


def places(config: "Config", server: "Server | None", wanted: str = "") -> list[Place]:
    """The places that can be reached from here, in the order in which they are liked, or the wanted one."""
    found = []
    if wanted in ("", "home") and (config.home or wanted):
        found += at_home(config, bool(wanted))
    if server and wanted in ("", "vps"):
        found.append(on_the_server(server))
    if wanted == "s3" or (
        not wanted and config.home and config.home.s3 and not any(p.archives for p in found)
    ):
        found.append(in_s3(config))
    return found


def at_home(config: "Config", must: bool) -> list[Place]:
    """The folder at home; on a machine without it there is none, unless it must be there."""
    if config.home is None:
        raise UsageError("there is no home in sites.yaml", "Add it: home: {directory: /mnt/nas/backups}")
    store = Store(Path(config.home.directory).expanduser())
    if not must and not (store.directory.is_dir() and store.is_home):
        return []
    store.require()

    @contextmanager
    def reading(archive: Archive) -> Iterator[tuple[Iterable[bytes], str]]:
        try:
            file = store.path(archive).open("rb")
        except OSError as error:
            raise DeployError(f"{store.path(archive)} cannot be read: {error.strerror}") from error
        with file:
            yield iter(partial(file.read, CHUNK), b""), store.digest(archive) or ""

    return [Place("home", store.held(), reading)]


def on_the_server(server: "Server") -> Place:
    """The server's own folder of archives."""

    @contextmanager
    def reading(archive: Archive) -> Iterator[tuple[Iterable[bytes], str]]:
        path = shlex.quote(f"{ON_THE_SERVER}/{archive.path}")
        written = server.ask(f"cat {path}{DIGEST} 2>/dev/null").output.decode(errors="replace")
        with server.channel(f"cat {path}") as channel:
            channel.shutdown_write()
            yield iter(partial(channel.recv, CHUNK), b""), digest_of(written, archive.file) or ""

    return Place("vps", listed(server.ask(LIST).output.decode(errors="replace")), reading)


def listed(answer: str) -> list[Archive]:
    """The archives in what the server says to LIST: PATH <tab> SIZE, and the lines of the log that warn."""
    lines = answer.splitlines()
    warned = dict(map(warnings_in, (line for line in lines if line.startswith("{"))))
    files = (line.partition("\t") for line in lines if not line.startswith("{"))
    every = (parse(path, int(size or 0), "vps") for path, _, size in files)
    return [replace(archive, warnings=warned.get(archive.file, ())) for archive in every if archive]


def warnings_in(line: str) -> tuple[str, tuple[str, ...]]:
    """The file and its warnings in a line of the log, none in one that was cut off."""
    try:
        said = json.loads(line)
    except ValueError:
        return "", ()
    return str(said.get("file")), tuple(map(str, said.get("warnings", ())))


def in_s3(config: "Config") -> Place:
    """The bucket."""
    from deployer.home.bucket import Bucket

    if config.home is None or config.home.s3 is None:
        raise UsageError("there is no home.s3 in sites.yaml", "Add it: home: {s3: {bucket: …}}")
    bucket = Bucket(config.home.s3)

    @contextmanager
    def reading(archive: Archive) -> Iterator[tuple[Iterable[bytes], str]]:
        with bucket.reading(archive) as (body, digest):
            yield iter(partial(_read, body), b""), digest

    return Place("s3", bucket.archives(), reading)


def _read(body: Any) -> bytes:
    return bytes(body.read(CHUNK))


def choose(found: list[Place], name: str, at: str = "") -> tuple[Place, Archive]:
    """The newest archive of a name whose date begins so; raises UsageError that lists those there are."""
    there = [(place, archive) for place in found for archive in place.archives if archive.name == name]
    if not there:
        names = {archive.name for place in found for archive in place.archives}
        where = " and ".join(place.name for place in found) or "any place that can be reached from here"
        raise UsageError(
            f"there is no archive of {name} on {where}{suggest(name, names)}", "Run: deploy backup --list"
        )
    begin = beginning(at) if at else ""
    matching = [
        (place, archive) for place, archive in there if archive.stamp.replace("-", "").startswith(begin)
    ]
    if not matching:
        raise UsageError(f"there is no archive of {name} of {at}", f"There are:\n{_listed(there)}")
    newest = max(archive.time for _, archive in matching)
    return next((place, archive) for place, archive in matching if archive.time == newest)


def _listed(there: list[tuple[Place, Archive]]) -> str:
    places: dict[str, list[str]] = {}
    for _, archive in sorted(there, key=lambda each: each[1].time, reverse=True):
        places.setdefault(archive.stamp, []).append(archive.place)
    return "\n".join(f"  {stamp}  {', '.join(where)}" for stamp, where in list(places.items())[:20])
