"""Another Git host, as strict as those where it refuses: on 127.0.0.1:9020, with repositories of `me` in /srv/elsewhere."""

import base64
import os
import pathlib
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path("/srv/elsewhere")


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def refuse(self, status, words):
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="elsewhere"')
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words.encode())

    def do_GET(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self.headers.get("Authorization", "").partition(" ")[2]
        user, _, token = base64.b64decode(given).decode().partition(":")
        name = path.split("/")[2] if path.count("/") > 1 else ""
        known = ROOT.joinpath("tokens").read_text().split()
        if name == "busy.git":
            self.refuse(429, "You have exceeded a secondary rate limit.")
            return
        if f"{user}:{token}" not in known:
            self.refuse(401, "Invalid username or token.")
            return
        if name == "second.git":
            self.refuse(403, "You must use a personal access token: two-factor is on.")
            return
        if not (ROOT / "me" / name).is_dir() or not path.startswith("/me/"):
            self.refuse(404, "Repository not found.")
            return
        if token.startswith("reading") and "git-receive-pack" in self.path:
            self.refuse(403, f"Write access to repository not granted to {user}.")
            return
        given = {
            "GIT_PROJECT_ROOT": str(ROOT),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": user,
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        said = subprocess.run(
            ["git", "-c", "safe.directory=*", "http-backend"],
            input=body,
            env=os.environ | given,
            capture_output=True,
            check=True,
        )
        head, _, content = said.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            key, _, text = line.partition(": ")
            self.send_header(key, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET


ThreadingHTTPServer(("127.0.0.1", 9020), Answers).serve_forever()
