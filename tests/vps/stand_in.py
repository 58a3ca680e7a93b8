"""A program in a container: answers at a port while its check is fine; with INIT_PORT, echoes UDP there."""

import os
import signal
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PORT, CHECK = int(sys.argv[1]), sys.argv[2]


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        fine = subprocess.run(["sh", "-c", CHECK], check=False).returncode == 0
        self.send_response(200 if fine else 500)
        self.end_headers()
        self.wfile.write(b"OK\n" if fine else b"broken\n")


def echo(port: int) -> None:
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("0.0.0.0", port))
    while True:
        data, sender = line.recvfrom(2000)
        line.sendto(data, sender)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
if port := os.environ.get("INIT_PORT"):
    Thread(target=echo, args=(int(port),), daemon=True).start()
ThreadingHTTPServer(("0.0.0.0", PORT), Answer).serve_forever()
