"""Docker is asked at its socket for its containers; by its program where that says nothing that we know."""

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import deployer

ENGINE = Path(deployer.__file__).parent / "server/installed/lib/composition/engine"
LOOK = Path(deployer.__file__).parent / "parts/docker.look.sh"
ONE, TWO = "1" * 64, "2" * 64
CONTAINERS = [
    {"Id": ONE, "Names": ["/a"], "Labels": {"Id": TWO, "said": f'{{"Id":"{TWO}","Names":'}},
    {"Id": TWO, "Names": ["/b"], "Labels": {}},
]


class Docker:
    """A socket that says what it shall, and remembers what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.says, self.asked = "[]\n", [""]
        docker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                docker.asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(docker.says.encode())

            def log_message(self, *_: object) -> None:
                """Silence."""

        self.socket = folder / "docker.sock"
        self.server = socketserver.ThreadingUnixStreamServer(str(self.socket), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        program = folder / "docker"
        program.write_text('#!/bin/sh\necho "the program: $*"\n')
        program.chmod(0o755)

    def ids(self, *filters: str, **environment: str) -> list[str]:
        """The lines of `container_ids`."""
        path = f"{self.socket.parent}:{os.environ['PATH']}"
        values = {"PATH": path, "HOME": str(self.socket.parent), "DOCKER_HOST": f"unix://{self.socket}"}
        argv = ["bash", "-euc", f'. {ENGINE}; container_ids "$@"', "bash", *filters]
        done = subprocess.run(argv, capture_output=True, text=True, env=values | environment, check=True)
        assert not done.stderr
        return done.stdout.splitlines()


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    docker = Docker(tmp_path)
    yield docker
    docker.server.shutdown()
    docker.server.server_close()


def test_the_socket_tells(docker: Docker) -> None:
    assert docker.ids("all", "label=a=b", "label=c", "publish=80") == []
    asked = parse_qs(urlsplit(docker.asked[-1]).query)
    assert json.loads(asked["filters"][0]) == {"label": ["a=b", "c"], "publish": ["80"]}
    assert asked["all"] == ["1"]
    docker.says = json.dumps(CONTAINERS, separators=(",", ":")) + "\n"
    assert docker.ids("running") == [ONE, TWO]
    assert "all" not in parse_qs(urlsplit(docker.asked[-1]).query)


def test_the_program_is_asked_where_the_socket_does_not_tell(docker: Docker, tmp_path: Path) -> None:
    asked = ["the program: ps --all --filter label=a --quiet --no-trunc"]
    docker.says = '{"message":"client version 1.24 is too old"}\n'
    assert docker.ids("all", "label=a") == asked
    program = tmp_path / "docker"
    said = program.read_text()
    program.write_text(f"#!/bin/sh\necho WARNING: Error loading config file >&2\n{said}")
    assert docker.ids("all", "label=a") == asked
    program.write_text("#!/bin/sh\necho WARNING: Error loading config file >&2\n")
    assert docker.ids("all", "label=a") == [], "a warning is no container"
    program.write_text(said)
    docker.says = '[{"Names":["/a"],"Id":"of another order"}]\n'
    assert docker.ids("all", "label=a") == asked
    docker.says = "[]\n"
    assert docker.ids("all", "label=a", DOCKER_HOST="ssh://elsewhere") == asked
    assert docker.ids("all", "label=a", DOCKER_HOST=f"unix://{tmp_path}/none") == asked
    assert docker.ids("all", "label=a", DOCKER_CONTEXT="elsewhere") == asked
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "elsewhere"}')
    assert docker.ids("all", "label=a") == asked


def test_docker_compose_tells_its_version_itself(tmp_path: Path) -> None:
    """Where no package has it: `docker compose` would start three programs for that."""
    (tmp_path / "cli-plugins").mkdir()
    for name, words in (("docker", "echo of docker"), ("cli-plugins/docker-compose", "echo v2.26.1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / name).chmod(0o755)
    known = "declare -A main_pid=(); has_version() { [ $1 = docker ]; }; is_replaced() { false; }"
    argv = ["bash", "-uc", f"{known}; . {ENGINE}; . {LOOK}; docker_programs"]
    path = f"{tmp_path}:{os.environ['PATH']}"
    values = {"PATH": path, "DOCKER_CONFIG": str(tmp_path)}
    done = subprocess.run(argv, capture_output=True, text=True, env=values, check=False)
    assert (done.stdout, done.stderr) == ("version compose 2.26.1\n", "")
