"""A line to a real store that is cut when a request has certain words, as often as it is tried."""

import re
import select
import socket
import threading
from urllib.parse import urlsplit


class Line:
    """`parts` has the numbers of the parts that were sent over it to their end or their cut."""

    def __init__(self, endpoint: str, cut_at: bytes) -> None:
        self.there = (urlsplit(endpoint).hostname, urlsplit(endpoint).port)
        self.cut_at = cut_at
        self.parts: list[int] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *error: object) -> None:
        self.listener.close()

    def serve(self) -> None:
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(here,), daemon=True).start()

    def carry(self, here: socket.socket) -> None:
        """Until one side ends it, or it is cut."""
        with here, socket.create_connection(self.there) as there:
            try:
                while True:
                    for source in select.select([here, there], [], [])[0]:
                        data = source.recv(65536)
                        if source is here and (part := re.match(rb"PUT [^ ]*partNumber=([0-9]+)", data)):
                            self.parts.append(int(part[1]))
                        if not data or (self.cut_at and source is here and self.cut_at in data):
                            return
                        (there if source is here else here).sendall(data)
            except OSError:
                return
