"""Containers that Docker cannot start by their ids, and programs that containerd has forgotten."""

import textwrap

from vps.services.conftest import Composition
from vps.waiting import until

TASKS = "/run/containerd/io.containerd.runtime.v2.task/moby"
METADATA = "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
# What `systemctl daemon-reexec` does to a container on cgroup v1; containerd 1.7 takes one without processes for a leak.
LEAVES_ITS_CGROUP = """
    find /sys/fs/cgroup -path "*/docker*$id*" -name cgroup.procs -not -path '/sys/fs/cgroup/systemd/*' |
        while read -r file; do
            for process in $(cat "$file"); do echo "$process" >"${file%%/docker*}/cgroup.procs"; done
        done
    systemctl restart containerd
"""
# That of Debian 12 does not: what it knows is put back to before the container had been started.
IS_FORGOTTEN = f"""
    docker stop --time 1 "$id"; systemctl stop docker.socket docker containerd; cp {METADATA} /root/meta.db
    systemctl start containerd docker; docker start "$id"; program=$(docker inspect --format '{{{{.State.Pid}}}}' "$id")
    systemctl stop containerd; cp /root/meta.db {METADATA}; systemctl start containerd
"""


def identity(app: Composition, service: str = "app") -> str:
    return app.vps.run(
        f"docker ps --all --quiet --no-trunc --filter name=^{app.project}-{service}-1$"
    ).stdout.strip()


def lose(app: Composition, service: str = "app") -> tuple[str, str]:
    """Let Docker lose a container whose program goes on; its id, and the process."""
    found = identity(app, service)
    how = IS_FORGOTTEN if app.vps.release == "debian-12" else LEAVES_ITS_CGROUP
    said = app.vps.run(
        f"id={found}\nprogram=$(docker inspect --format '{{{{.State.Pid}}}}' $id)\n"
        f"{{ {textwrap.dedent(how).strip()}\n}} >/dev/null\necho $program"
    )
    until(app.vps, "docker info >/dev/null 2>&1")
    assert app.vps.run(f"docker top {found}", check=False).returncode != 0, "containerd knows it still"
    program = said.stdout.strip()
    assert runs(app, program), "its program goes on"
    return found, program


def runs(app: Composition, program: str) -> bool:
    return app.vps.run(f"[ -e /proc/{program} ]", check=False).returncode == 0


def leave_a_folder(app: Composition, service: str = "app") -> str:
    """Stop a container, and leave of it what containerd will stumble over (moby/moby#50040); its id."""
    found = identity(app, service)
    app.vps.run(f"docker stop --time 1 {found} && mkdir {TASKS}/{found}")
    refused = app.vps.run(f"docker start {found}", check=False)
    assert "file exists" in refused.stderr
    return found


def spoil(app: Composition, service: str = "app") -> str:
    """Let a container run that Docker cannot start another time: a file of its own is a folder; its id."""
    found = identity(app, service)
    app.vps.run(f"cd /var/lib/docker/containers/{found} && rm hostname && mkdir hostname")
    return found
