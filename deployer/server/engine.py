"""The Docker SDK over the connection that is open and verified: no port, no second login."""

import select
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread
from typing import TYPE_CHECKING

from deployer.errors import DeployError
from deployer.server.connection import Server

if TYPE_CHECKING:
    from socket import socket

    from docker import DockerClient
    from paramiko import Channel

DIAL = "exec docker system dial-stdio"
CHUNK = 65536


@contextmanager
def engine(server: Server) -> Iterator["DockerClient"]:
    """The server's Docker Engine; raises DeployError when there is none that answers."""
    import docker
    from docker.errors import DockerException

    with tempfile.TemporaryDirectory(prefix="deploy-") as folder, _relay(server, Path(folder) / "docker"):
        try:
            client = docker.DockerClient(base_url=f"unix://{folder}/docker", version="auto")
        except DockerException as error:
            raise DeployError(
                f"Docker does not answer on {server.host}", "Look there: systemctl status docker"
            ) from error
        try:
            yield client
        finally:
            client.close()


@contextmanager
def _relay(server: Server, path: Path) -> Iterator[None]:
    """A socket on this machine, each connection to which becomes one to the server's Docker."""

    class Relay(StreamRequestHandler):
        def handle(self) -> None:
            with server.channel(DIAL) as channel:
                _carry(self.connection, channel)

    class Listener(ThreadingUnixStreamServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """What a lost connection means is told where it is used."""

    with Listener(str(path), Relay) as listener:
        listener.daemon_threads = True
        listener.block_on_close = False
        Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield
        finally:
            listener.shutdown()


def _carry(here: "socket | Channel", there: "socket | Channel") -> None:
    while True:
        readable, _, _ = select.select([here, there], [], [])
        for source, target in ((here, there), (there, here)):
            if source in readable:
                data = source.recv(CHUNK)
                if not data:
                    return
                target.sendall(data)
