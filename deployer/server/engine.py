"""The Docker SDK over the connection that is open and verified: no port, no second login, one channel."""

import select
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from deployer.errors import DeployError
from deployer.server.connection import Server

if TYPE_CHECKING:
    from socket import socket

    from docker import DockerClient

    from deployer.server.session import Session

DIAL = "exec docker system dial-stdio 2>/dev/null"
CHUNK = 65536
LOOK_AGAIN = 0.5
"""Seconds: paramiko may wake nobody for output that comes as the login says something among its errors."""
COMMAND_NOT_FOUND = 127


@contextmanager
def engine(server: Server) -> Iterator["DockerClient"]:
    """The server's Docker Engine; raises DeployError when there is none that answers."""
    from docker.errors import DockerException

    with tempfile.TemporaryDirectory(prefix="deploy-") as folder, _relay(server, Path(folder) / "docker"):
        try:
            client = _client(f"{folder}/docker")
            try:
                yield client
            finally:
                client.close()
        except (DockerException, OSError) as error:  # what requests raises is an OSError
            raise _unanswered(server, error) from error


def _client(socket: str) -> "DockerClient":
    """A client with one connection: the SDK has one for each address, and sshd allows ten sessions."""
    import docker
    from docker.transport import UnixHTTPAdapter

    class OneConnection(UnixHTTPAdapter):
        def get_connection(self, url: bytes | str, proxies: Any = None) -> Any:
            return super().get_connection("http+docker://", proxies)

    client = docker.DockerClient(base_url=f"unix://{socket}", version="auto")
    client.api.get_adapter("http+docker://").close()  # that asked for the version
    client.api.mount("http+docker://", OneConnection(socket))
    return client


def _unanswered(server: Server, error: Exception) -> DeployError:
    """Why the Engine did not answer as it should; raises UnreachableError when it is the connection."""
    asked = server.ask("docker version --format '{{.Server.Version}}'")
    words = asked.errors.strip().splitlines()
    reason = words[-1] if asked.status and words else str(error)
    if asked.status == COMMAND_NOT_FOUND:
        return DeployError(
            f"the program docker is missing on {server.host}, without which nobody can speak to Docker",
            "deploy apply installs it, or there: apt-get install docker-cli",
        )
    return DeployError(
        f"Docker does not answer on {server.host} as it should: {reason}",
        "Look there: systemctl status docker",
    )


@contextmanager
def _relay(server: Server, path: Path) -> Iterator[None]:
    """A socket on this machine, each connection to which becomes one to the server's Docker."""

    class Relay(StreamRequestHandler):
        def handle(self) -> None:
            with server.channel(DIAL, together=True) as channel:
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


def _carry(here: "socket", there: "Session") -> None:
    ends: list[socket | Session] = [here, there]
    while True:
        readable, _, _ = select.select(ends, [], [], LOOK_AGAIN)
        if here in readable:
            data = here.recv(CHUNK)
            if not data:
                return
            there.sendall(data)
        if there in readable or there.has_more:
            answer = there.arrived(CHUNK)
            if answer is None:
                return
            here.sendall(answer)
