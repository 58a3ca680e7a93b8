"""What is kept of something, as a value: paths, volumes, dumps, and what rests meanwhile; pure."""

from dataclasses import dataclass

PROGRAM = "/usr/local/lib/deploy/bin/database"


@dataclass(frozen=True, slots=True)
class Backup:
    """What to keep of a composition, or of what runs on the server itself.

    `runner` says which of both: `compose` or `systemd`; `kind` is what its archives say that it is. `folder`
    is where it stands: paths are relative to it, or absolute. `paths` are files and folders, `volumes` the
    names of Docker volumes. `dump` is a command, run by bash in the folder of a composition, that writes a
    consistent copy of the database to standard output.
    `databases` are SQLite files in use inside those paths, to be copied by SQLite's own backup and not as
    files. `load` is a command like `dump` that reads the dump at a restore, when only `service`, the
    database, runs. `volumes` of None are all that its containers have. `exclude` are patterns of files to
    leave out. `consistency` is `stop` or `live`; empty: what fits. `stop` are units of systemd that rest
    while files are read, and while a restore changes them. `owner` is the user of the system whom the first
    of the paths belongs to, for a server that is set up anew may have another number for it.
    """

    paths: tuple[str, ...] = ()
    volumes: tuple[str, ...] | None = ()
    dump: str = ""
    databases: tuple[str, ...] = ()
    load: str = ""
    service: str = ""
    exclude: tuple[str, ...] = ()
    consistency: str = ""
    stop: tuple[str, ...] = ()
    kind: str = "folder"
    runner: str = "systemd"
    folder: str = ""
    owner: str = ""

    @property
    def stops(self) -> bool:
        """Whether the containers are stopped while files are read."""
        live = bool(self.dump or self.databases)
        return self.consistency == "stop" or (not self.consistency and not live)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.paths or self.volumes or self.dump or self.databases)

    def located(self, path: str) -> str:
        """The absolute path of one of its own."""
        if path.startswith("/"):
            return path
        return self.folder if path == "." else f"{self.folder}/{path}"


def database(engine: str, service: str = "db") -> Backup:
    """Everything in a database of the usual images, its users too; `engine` is postgres or mariadb."""
    command = f"{PROGRAM} {engine}"
    return Backup(dump=f"{command} dump {service}", load=f"{command} load {service}", service=service)


def own_database(engine: str, name: str, database: str = "") -> Backup:
    """The database of this user of the system, on the server itself; for sqlite, the path of its file."""
    command, place = f"{PROGRAM} {engine}", " ".join(filter(None, [name, database]))
    return Backup(dump=f"{command} dump --here {place}", load=f"{command} replace --here {place}")
