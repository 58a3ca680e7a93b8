"""What happens to a server besides what is typed: hands, kills, Docker that stops."""

from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess

from vps.waiting import reload_nginx
from vps.walk import applying
from vps.walk.ground import DOMAINS
from vps.walk.live import BY_HAND
from vps.walk.moments import KILL, MOMENTS, at
from vps.walk.steps.compose import Compose
from vps.walk.vocabulary import Arguments, step
from vps.walk.walk import Fault, Walk

START_DOCKER = "systemctl start docker.socket docker && docker version >/dev/null"
EVENTFUL = [(moment,) for moment in MOMENTS]


def running(walk: Walk) -> Iterator[Arguments]:
    """What runs in containers, as it was applied."""
    yield from (
        (name,)
        for name, entry in walk.live.entries.items()
        if isinstance(entry, Compose) and name not in walk.live.stopped
    )


def containers(walk: Walk, name: str, command: str) -> None:
    """Do something to its containers."""
    project = walk.live.entries[name].project(name)
    walk.vps.run(
        f"docker ps -aq --filter label=com.docker.compose.project={project} | xargs -r docker {command}"
    )
    walk.disturbed.add(name)


@step(1, running, fault="somebody removes containers by hand")
def container_removed(walk: Walk, name: str) -> None:
    """Somebody removes its containers by hand."""
    containers(walk, name, "rm -f")


@step(1, running, fault="somebody stops containers by hand")
def container_stopped(walk: Walk, name: str) -> None:
    """Somebody stops its containers by hand."""
    containers(walk, name, "stop -t 0")


def paths(walk: Walk) -> Iterator[Arguments]:
    """Files that an apply wrote."""
    for name, entry in walk.live.entries.items():
        found = [f"/etc/nginx/conf.d/{name}.conf"] if "." in name else []
        found += [f"/etc/deploy/sites/{name}.conf"] if entry.pushed else []
        found += [f"{entry.folder(name)}/docker-compose.yml"] if entry.folder(name) else []
        yield from ((name, path) for path in found if (walk.vps.root / path[1:]).exists())


@step(0.5, running, fault="somebody ends a project of Docker Compose by hand")
def ended_by_hand(walk: Walk, name: str) -> None:
    """Somebody ends its project by hand; the volumes stay."""
    walk.vps.run(f"docker compose -p {walk.live.entries[name].project(name)} down 2>&1")
    walk.disturbed.add(name)


@step(1, paths, fault="somebody edits a file that an apply wrote")
def file_edited(walk: Walk, name: str, path: str) -> None:
    """Somebody adds a line to a file that an apply wrote."""
    with open(walk.vps.root / path[1:], "a") as file:
        file.write("# by hand\n")
    walk.disturbed.add(name)


@step(1, paths, fault="somebody removes a file that an apply wrote")
def file_removed(walk: Walk, name: str, path: str) -> None:
    """Somebody removes a file that an apply wrote."""
    (walk.vps.root / path[1:]).unlink()
    walk.disturbed.add(name)


@step(
    0.7,
    lambda walk: ((name,) for name in DOMAINS if walk.applied and name not in walk.live.all_answers),
    acts=True,
)
def site_by_hand(walk: Walk, name: str) -> None:
    """Somebody makes an NGINX site that sites.yaml knows nothing of."""
    text = f"server {{ listen 80; server_name {name}; location / {{ return 200 '{BY_HAND}\\n'; }} }}\n"
    (walk.vps.root / f"etc/nginx/conf.d/hand-{name}.conf").write_text(text)
    reload_nginx(walk.vps)
    walk.live.by_hand.add(name)


@step(1, lambda walk: ((name,) for name in walk.live.by_hand), acts=True)
def no_site_by_hand(walk: Walk, name: str) -> None:
    """It is taken away again."""
    (walk.vps.root / f"etc/nginx/conf.d/hand-{name}.conf").unlink()
    reload_nginx(walk.vps)
    walk.live.by_hand.remove(name)


def interrupted(walk: Walk, moment: str, act: Callable[[BaseProcess], object]) -> None:
    """An apply in the middle of which something happens: what it has done of each name, nobody knows."""
    aimed = applying.aim(walk, ())
    for entry in aimed.entries.values():
        entry.prepare(walk.vps)
    done = walk.deploy("apply", "--yes", "--take-off", "9", meanwhile=at(walk.vps, moment, act))
    if done.returncode not in (0, 1, 2, 3, -9):
        raise Fault(
            "exit_codes_are_as_documented", f"apply: exit {done.returncode}", done.stdout, done.stderr
        )
    for name in {*walk.live.entries, *aimed.entries}:
        if walk.live.entries.get(name) != aimed.entries.get(name):
            walk.live.unsure[name] = (*walk.live.unsure.get(name, ()), aimed.entries.get(name))
            if not (walk.vps.root / f"srv/deploy/{name}/stopped").exists():  # else it was not begun with
                walk.live.stopped -= {name} - aimed.stopped


@step(1, lambda walk: EVENTFUL, fault="what an apply runs on the server is killed")
def server_killed(walk: Walk, moment: str) -> None:
    """What an apply runs on the server is killed."""
    interrupted(walk, moment, lambda _: walk.vps.run(KILL, check=False))


@step(1, lambda walk: EVENTFUL, fault="an apply is killed where it was called")
def client_killed(walk: Walk, moment: str) -> None:
    """The apply is killed here."""
    interrupted(walk, moment, lambda process: process.kill())
    walk.vps.run("flock /var/lib/deploy/lock true", timeout=300)


@step(1, lambda walk: EVENTFUL, fault="Docker stops in the middle of an apply")
def docker_stopped(walk: Walk, moment: str) -> None:
    """Docker stops during an apply, and starts again after it."""
    interrupted(walk, moment, lambda _: walk.vps.run("systemctl stop docker.socket docker"))
    walk.vps.run(START_DOCKER)
    walk.disturbed |= {name for name, entry in walk.live.entries.items() if entry.folder(name)}
