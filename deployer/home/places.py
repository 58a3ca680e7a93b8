"""Where archives are: on the server, here at home, in S3; each lists them, and lets one be read."""

import json
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployer.backups.archives import DIGEST, Archive, beginning, parse, proof
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
    """A place with archives, and with some that no digest vouches for.

    `reading` gives the encrypted bytes of one, and its SHA-256 or None; it raises DeployError where there is
    one, and of something else.
    """

    name: str
    archives: list[Archive]
    reading: "Callable[[Archive], AbstractContextManager[tuple[Iterable[bytes], str | None]]]"
    unproved: list[Archive] = field(default_factory=list)


Chosen = tuple[Place, Archive]


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
    def reading(archive: Archive) -> Iterator[tuple[Iterable[bytes], str | None]]:
        digest = store.proof(archive)
        try:
            file = store.path(archive).open("rb")
        except OSError as error:
            raise DeployError(f"{store.path(archive)} cannot be read: {error.strerror}") from error
        with file:
            yield iter(partial(file.read, CHUNK), b""), digest

    return [Place("home", store.held(), reading, store.unproved())]


def on_the_server(server: "Server") -> Place:
    """The server's own folder of archives."""

    @contextmanager
    def reading(archive: Archive) -> Iterator[tuple[Iterable[bytes], str | None]]:
        path = shlex.quote(f"{ON_THE_SERVER}/{archive.path}")
        written = server.ask(f"[ ! -e {path}{DIGEST} ] || {{ echo; cat {path}{DIGEST}; }}").output
        digest = proof(written[1:].decode(errors="replace") if written else None, archive)
        with server.channel(f"cat {path}") as session:
            session.shutdown_write()
            yield iter(partial(session.recv, CHUNK), b""), digest

    proved, unproved = listed(server.ask(LIST).output.decode(errors="replace"))
    return Place("vps", proved, reading, unproved)


def listed(answer: str) -> tuple[list[Archive], list[Archive]]:
    """The archives in what the server says to LIST, and those that no digest vouches for.

    It says PATH <tab> SIZE of each file, and the lines of the log that warn.
    """
    lines = answer.splitlines()
    warned = dict(map(warnings_in, (line for line in lines if line.startswith("{"))))
    files = dict(line.rsplit("\t", 1) for line in lines if not line.startswith("{") and "\t" in line)
    every = (parse(path, int(size or 0), "vps") for path, size in files.items())
    found = [replace(archive, warnings=warned.get(archive.file, ())) for archive in every if archive]
    with_digest = [archive for archive in found if archive.path + DIGEST in files]
    return with_digest, [archive for archive in found if archive.path + DIGEST not in files]


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
    def reading(archive: Archive) -> Iterator[tuple[Iterable[bytes], str | None]]:
        with bucket.reading(archive) as (body, digest):
            written = f"{digest}  {archive.file}" if digest else None
            yield iter(partial(_read, body), b""), proof(written, archive)

    return Place("s3", bucket.archives(), reading)


def _read(body: Any) -> bytes:
    return bytes(body.read(CHUNK))


def choose(found: list[Place], name: str, at: str = "") -> Chosen:
    """The newest archive of a name whose date begins so; raises UsageError that lists those there are.

    One that no digest vouches for is only chosen by its date, where no other has it.
    """
    there = [(place, archive) for place in found for archive in place.archives if archive.name == name]
    more = [(place, archive) for place in found for archive in place.unproved if archive.name == name]
    if not there and not more:
        names = {archive.name for place in found for archive in place.archives}
        where = " and ".join(place.name for place in found) or "any place that can be reached from here"
        raise UsageError(
            f"there is no archive of {name} on {where}{suggest(name, names)}", "Run: deploy backup --list"
        )
    begin = beginning(at) if at else ""
    matching = _of_date(there, begin) or (_of_date(more, begin) if at else [])
    if not matching:
        which = f"of {at}" if at else "with a digest"
        raise UsageError(f"there is no archive of {name} {which}", f"There are:\n{_listed(there, more)}")
    newest = max(archive.time for _, archive in matching)
    return next((place, archive) for place, archive in matching if archive.time == newest)


def _of_date(there: list[Chosen], begin: str) -> list[Chosen]:
    return [found for found in there if found[1].stamp.replace("-", "").startswith(begin)]


def _listed(there: list[Chosen], more: list[Chosen]) -> str:
    places: dict[str, list[str]] = {}
    lines = [(archive, "") for _, archive in there] + [(archive, ", without a digest") for _, archive in more]
    for archive, without in sorted(lines, key=lambda line: line[0].time, reverse=True):
        places.setdefault(archive.stamp, []).append(archive.place + without)
    return "\n".join(f"  {stamp}  {', '.join(where)}" for stamp, where in list(places.items())[:20])
