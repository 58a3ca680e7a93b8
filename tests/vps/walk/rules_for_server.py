"""What the server has after an apply: each rule says what is broken."""

import re
import stat
from collections.abc import Iterator
from fnmatch import fnmatch

from vps.walk.round import Round
from vps.walk.seen import Seen

PORTS = range(8100, 8150)
NOISE = re.compile(
    r"Traceback|fault of deploy itself|unknown option|usage:|unbound variable|command not found"
    r"|: line \d+:|failed \(\w+, line \d+\)|[Ss]yntax error|No such file or directory"
)
TOLD = re.compile(r"^[-+~@!] (?:(?:secret|value) \S+ in )?(/[^\s:]+)", re.MULTILINE)
TOLD_AS_ONE = re.compile(
    r"^(?:[-+] \d+ sites? with \d+ files?|    the same in \d+ more): (.+)$", re.MULTILINE
)
"""How a plan in its short form, which a first apply of four sites has, names those whose files it does not."""
OF_THE_WORK = (
    "/etc/docker/key.json",
    "/root/.docker/*",
    "/etc/letsencrypt/*",
    "/etc/ufw/*",
    "/etc/default/ufw",
    "/etc/systemd/system/*.wants/*",
    "/etc/rc?.d/*",
    *(
        "/etc/group*",
        "/etc/gshadow*",
        "/etc/passwd*",
        "/etc/shadow*",
        "/etc/subuid*",
        "/etc/subgid*",
        "/etc/.pwd.lock",
    ),
    "/srv/deploy/*",
    "/var/lib/deploy/*",
    *(f"/opt/*/{folder}/*" for folder in ("cache", "config", "data", "db", "lib", "valkey")),
)
"""Where the state of the work itself and the data of services lie: no plan names it."""
INTERRUPTED = "/var/lib/deploy/transaction/paths"
"""What an apply that was killed has changed, if nothing has put it back."""
UNFINISHED = ("/var/lib/deploy/transaction/*", "/var/lib/deploy/containers/*", "/srv/deploy/*/work/*")
"""What is there only while something is done."""
SCRIPTS = "/usr/local/lib/deploy/"
UFW_LETS_IN = re.compile(rb"^### tuple ### allow (\w+) (\S+) ", re.MULTILINE)


def words_are_for_people(one: Round) -> Iterator[str]:
    """No traceback, nothing of a shell or a program that was called wrongly."""
    for line in one.said.splitlines():
        if NOISE.search(line):
            yield line


def untouched_containers_stay(one: Round) -> Iterator[str]:
    """What did not change is neither made nor started anew."""
    for name in one.names:
        entry = one.kept(name)
        if entry and lives(one.before, entry.project(name)) != lives(one.after, entry.project(name)):
            yield f"the containers of {name} are not those of before"


def lives(seen: Seen, project: str) -> set[tuple[str, float]]:
    """What is other when a container was made or started anew."""
    return {(each.id, each.started) for each in seen.containers if each.project == project}


def nothing_else_runs(one: Round) -> Iterator[str]:
    """What is wanted runs, and nothing of what was removed runs, listens or is scheduled."""
    unknown = one.unknown
    maybe = [
        (name, each)
        for name in unknown
        for each in (*one.now.possible(name), *one.was.possible(name))
        if each
    ]
    maybe_projects, maybe_ports = (
        {each.project(name) for name, each in maybe},
        {port for _, each in maybe for port in each.ports()},
    )
    wanted = {project for name, project in one.now.projects.items() if name not in unknown}
    if not wanted <= one.after.running <= wanted | maybe_projects:
        yield f"the projects {' '.join(sorted(one.after.running)) or '(none)'} run, and not {' '.join(sorted(wanted)) or '(none)'}"
    listening = {port for port in one.after.ports if port in PORTS}
    if not one.now.ports - maybe_ports <= listening <= one.now.ports | maybe_ports:
        yield f"ports {sorted(listening)} listen, and not {sorted(one.now.ports)}"
    known = {
        *one.now.projects.values(),
        *(each.project(name) for name, each in one.now.entries.items()),
        *maybe_projects,
        *(each.project(name) for name in one.disturbed for each in one.was.possible(name) if each),
    }
    for project in one.after.networks - known:
        yield f"the network of {project} is still there"
    gone = (
        (one.was.entries.keys() | one.was.unsure.keys()) - one.aimed.entries.keys() - one.now.entries.keys()
    )
    for name in gone - unknown:
        left = [path for path in one.after.files if is_of(name, path) and path.startswith("/etc/")]
        yield from (
            f"{path} is still there, and {name} is gone"
            for path in left
            if not path.startswith("/etc/letsencrypt/")
        )


def is_of(name: str, path: str) -> bool:
    """Whether a path is of an entry by its name."""
    return bool(
        re.search(
            rf"/(deploy-|deploy-backup-)?{re.escape(name)}(\.conf|\.before|\.after|\.service|\.timer)?$", path
        )
    )


def nothing_is_lost(one: Round) -> Iterator[str]:
    """Volumes with what is in them, and secrets, stay."""
    for volume, mark in one.before.volumes.items():
        if mark not in one.after.volumes.values():
            yield f"what was in the volume {volume} is gone"
    undone = {f"/opt/{name}/.env" for name in one.was.unsure if "put back first" in one.said}
    never_used = b"".join(text for path, text in one.before.texts.items() if path in undone).decode()
    for secret in one.before.secrets - one.after.secrets - {*never_used.splitlines()}:
        yield f"the value of {secret.partition('=')[0]} is gone"


def data_goes_along(one: Round) -> Iterator[str]:
    """What keeps its name keeps its data."""
    for name in one.names - one.disturbed - one.was.unsure.keys():
        was, now = one.was.entries.get(name), one.now.entries.get(name)
        if not (was and now and was.folder(name) and now.folder(name) and was.owner == now.owner):
            continue
        marks = [one.before.volumes.get(f"{entry.project(name)}_data") for entry in (was, now)]
        has = one.after.volumes.get(f"{now.project(name)}_data")
        if any(marks) and has not in marks:
            yield f"{name} has begun with an empty volume"


def changes_are_told(one: Round) -> Iterator[str]:
    """No path changed that the plan did not name."""
    if "+ packages " in one.said:
        return
    known = [*(f"{told}*" if told.endswith("/") else told for told in TOLD.findall(one.said)), *OF_THE_WORK]
    as_one = {name for names in TOLD_AS_ONE.findall(one.said) for name in names.split(", ")}
    interrupted = one.before.texts.get(INTERRUPTED, b"").decode().splitlines()
    put_back = {*interrupted} if "put back first" in one.said else set()
    for path in sorted(one.after.changed(one.before)):
        if path in put_back:
            continue  # the plan says so, and the apply how many there are
        if any(is_of(name, path) or path.startswith(f"/opt/{name}/") for name in as_one):
            continue
        if not any(fnmatch(path, pattern) for pattern in known):
            yield f"{path} changed, and the plan did not name it"


def what_is_refused_is_as_it_was(one: Round) -> Iterator[str]:
    """No file of what could not be done has changed, and what it is pushed and brought up with is there still."""
    gone = {path for path in one.before.files if path.startswith(SCRIPTS)} - one.after.files.keys()
    for name in one.refused - one.disturbed - one.was.unsure.keys():
        was = one.was.entries.get(name)
        if not was:
            continue
        folder = was.folder(name)
        for path, text in one.before.texts.items():
            mine = is_of(name, path) or (folder and path.startswith(f"{folder}/"))
            if mine and one.after.texts.get(path) != text:
                yield f"{name} was refused, and {path} is not what it was"
        if gone and (folder or was.pushed):
            yield f"{name} was refused, and is left without {len(gone)} of our scripts"


def nothing_is_half_done(one: Round) -> Iterator[str]:
    """Whatever became of it, the work is over, what systemd runs is well, and NGINX takes its files."""
    for path in one.after.files:
        name = path.split("/")[3] if path.startswith("/srv/deploy/") else ""
        if name not in one.unknown and any(fnmatch(path, pattern) for pattern in UNFINISHED):
            yield f"{path} is of an apply that is over"
    yield from one.unwell.splitlines()


def secrets_are_for_root(one: Round) -> Iterator[str]:
    """Nobody else reads a file with secrets."""
    for path in one.after.texts:
        _, _, mode, owner = one.after.files[path]
        if path.endswith("/.env") and (owner or stat.S_IMODE(mode) & 0o077):
            yield f"{path} has mode {stat.S_IMODE(mode):o}"


def what_is_saved_is_set_up(one: Round) -> Iterator[str]:
    """All that is to be backed up is, and nothing else."""
    done = (one.scope or one.names) - one.refused - one.unknown
    for name in done:
        if (f"/etc/deploy/backup/{name}" in one.after.texts) != (name in one.saved):
            yield f"{name} is {'not ' if name in one.saved else ''}backed up"


def firewall_is_as_wanted(one: Round) -> Iterator[str]:
    """It lets in what sites.yaml says, what is not named has and what stays as it was, and nothing else."""
    if one.open is None or (one.unknown and (one.scope or one.refused)):
        return
    rules = one.after.texts.get("/etc/ufw/user.rules", b"")
    lets_in = {f"{port}/{protocol}" for protocol, port in lets(rules)}
    if lets_in != one.open or b"ENABLED=yes" not in one.after.texts.get("/etc/ufw/ufw.conf", b""):
        yield f"UFW lets in {' '.join(sorted(lets_in))}, and not {' '.join(sorted(one.open))}"


def lets(rules: bytes) -> list[tuple[str, str]]:
    """The protocol and the port of each rule of UFW that lets somebody in."""
    return [(protocol.decode(), port.decode()) for protocol, port in UFW_LETS_IN.findall(rules)]
