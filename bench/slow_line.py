"""A line to a port elsewhere, as slow as a home's: so many bytes a second each way, and a delay."""

import contextlib
import socket
import threading
import time
from queue import Queue

PIECE = 4096


class SlowLine:
    """Listens on a port of this machine, and carries what comes at the speed of a slow line."""

    def __init__(self, there: tuple[str, int], speed: int, delay: float) -> None:
        self.there, self.speed, self.delay = there, speed, delay
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> "SlowLine":
        return self

    def __exit__(self, *error: object) -> None:
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            there = socket.create_connection(self.there)
            for source, sink in ((here, there), (there, here)):
                queue: Queue[tuple[float, bytes]] = Queue(64)
                threading.Thread(target=self._take, args=(source, queue), daemon=True).start()
                threading.Thread(target=self._give, args=(queue, sink), daemon=True).start()

    def _take(self, source: socket.socket, queue: "Queue[tuple[float, bytes]]") -> None:
        """No faster than the line: what comes arrives after its turn and the delay."""
        free = time.monotonic()
        while True:
            try:
                data = source.recv(PIECE)
            except OSError:
                data = b""
            free = max(free, time.monotonic()) + len(data) / self.speed
            queue.put((free + self.delay, data))
            if not data:
                return
            time.sleep(max(0.0, free - time.monotonic()))

    def _give(self, queue: "Queue[tuple[float, bytes]]", sink: socket.socket) -> None:
        while True:
            due, data = queue.get()
            time.sleep(max(0.0, due - time.monotonic()))
            with contextlib.suppress(OSError):
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
