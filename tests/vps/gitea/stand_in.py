#!/usr/bin/python3
"""A stand-in for Gitea, where a machine has none: as strict as Gitea where deploy leans on it, and nothing besides.

It refuses root, secrets that are in app.ini, missing or empty, a database of a newer version, and requests that its
API does not know. SCHEMA and BROKEN are replaced where another version is made of it.
"""

import base64
import configparser
import hashlib
import json
import os
import pathlib
import secrets
import shlex
import sqlite3
import subprocess
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCHEMA = 331
BROKEN = False
WORDS = sys.argv[1:]
INI = WORDS[WORDS.index("--config") + 1] if "--config" in WORDS else WORDS[0].removeprefix("--config=")
WORDS = [word for word in WORDS if word not in ("--config", INI) and not word.startswith("--config=")]


def fatal(text):
    sys.exit(text)


def settings():
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str
    parser.read_string("[top]\n" + pathlib.Path(INI).read_text())
    for section, key in (
        ("security", "SECRET_KEY"),
        ("security", "INTERNAL_TOKEN"),
        ("server", "LFS_JWT_SECRET"),
        ("oauth2", "JWT_SECRET"),
    ):
        if parser.has_option(section, key) or not parser.get(section, f"{key}_URI").startswith("file:/"):
            fatal(f"Cannot specify {key}")
        text = pathlib.Path(parser.get(section, f"{key}_URI").removeprefix("file:")).read_text().strip()
        if not text or (key.endswith("JWT_SECRET") and len(base64.urlsafe_b64decode(text + "==")) != 32):
            fatal(f"Failed to read {key}_URI")
    if not parser.getboolean("security", "INSTALL_LOCK"):
        fatal("it would ask to be installed")
    return parser


def database():
    place = SETTINGS.get("database", "PATH")
    made = sqlite3.connect(place, check_same_thread=False, isolation_level=None, timeout=30)
    made.execute("PRAGMA journal_mode = WAL")
    made.executescript(
        "CREATE TABLE IF NOT EXISTS version (id INTEGER PRIMARY KEY, version INTEGER);"
        "CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, email TEXT, password TEXT, admin INTEGER);"
        "CREATE TABLE IF NOT EXISTS access_token (user TEXT, name TEXT, hash TEXT, scopes TEXT);"
        "CREATE TABLE IF NOT EXISTS issue (repository TEXT, title TEXT);"
    )
    found = made.execute("SELECT version FROM version").fetchone()
    if found and found[0] > SCHEMA:
        fatal(
            f"Your database (migration version: {found[0]}) is for a newer Gitea, you can not use the newer database"
        )
    made.execute("INSERT OR REPLACE INTO version VALUES (1, ?)", (SCHEMA,))
    return made


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def option(name):
    return WORDS[WORDS.index(f"--{name}") + 1]


def administer():
    action = WORDS[2]
    if action == "list":
        print("ID   Username   Email   IsActive")
        for number, (name, email) in enumerate(
            DATABASE.execute("SELECT name, email FROM user WHERE admin"), 1
        ):
            print(f"{number}    {name}      {email}   true")
    elif action == "create":
        values = option("username"), option("email"), digest(secrets.token_hex()), "--admin" in WORDS
        DATABASE.execute("INSERT INTO user VALUES (?, ?, ?, ?)", values)
        print("New user was successfully created")
    elif action == "generate-access-token":
        token = secrets.token_hex(20)
        values = option("username"), option("token-name"), digest(token), option("scopes")
        DATABASE.execute("INSERT INTO access_token VALUES (?, ?, ?, ?)", values)
        print(token if "--raw" in WORDS else f"Access token was successfully created: {token}")
    else:
        fatal(f"No help topic for '{action}'")


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def say(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Gitea"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def who(self):
        how, _, what = self.headers.get("Authorization", "").partition(" ")
        if how == "Basic":
            name, _, password = base64.b64decode(what).decode().partition(":")
            found = DATABASE.execute(
                "SELECT 1 FROM user WHERE name = ? AND password = ?", (name, digest(password))
            )
            return (name, "all") if found.fetchone() else (None, "")
        found = DATABASE.execute(
            "SELECT user, scopes FROM access_token WHERE hash = ?", (digest(what),)
        ).fetchone()
        return found if how == "token" and found else (None, "")

    def do_GET(self):
        self.answer()

    do_POST = do_PATCH = do_DELETE = do_GET

    def answer(self):
        path, _, query = self.path.partition("?")
        words = [urllib.parse.unquote(word) for word in path.split("/")[1:]]
        if words == ["api", "healthz"]:
            return self.say(200, {"status": "pass"})
        if words[:2] == ["api", "v1"]:
            return self.interface(words[2:])
        if len(words) > 2 and words[1].endswith(".git"):
            return self.git(words, query)
        return self.say(200, "page")

    def interface(self, words):
        name, scopes = self.who()
        length = int(self.headers.get("Content-Length") or 0)
        value = json.loads(self.rfile.read(length)) if length else {}
        if name is None:
            return self.say(401, {"message": "token is required"})
        match [self.command, *words]:
            case ["PATCH", "admin", "users", user]:
                if "all" not in scopes and "write:admin" not in scopes:
                    return self.say(403, {"message": "token does not have the scope"})
                if (
                    not {"login_name", "source_id"}
                    <= value.keys()
                    <= {"login_name", "source_id", "password", "must_change_password"}
                ):
                    return self.say(422, {"message": "[LoginName]: Required"})
                if len(value["password"]) < 8:
                    return self.say(400, {"message": "PasswordTooShort"})
                DATABASE.execute(
                    "UPDATE user SET password = ? WHERE name = ?", (digest(value["password"]), user)
                )
                return self.say(200, {"login": user})
            case ["DELETE", "users", user, "tokens", token]:
                if scopes != "all":
                    return self.say(401, {"message": "auth required"})
                done = DATABASE.execute("DELETE FROM access_token WHERE user = ? AND name = ?", (user, token))
                return self.say(204 if done.rowcount else 404)
            case ["GET", "user"]:
                return self.say(200, {"login": name})
            case ["POST", "user", "repos"]:
                subprocess.run(
                    [
                        "git",
                        "init",
                        "--quiet",
                        "--bare",
                        "--initial-branch=main",
                        repository(name, value["name"]),
                    ],
                    check=True,
                )
                return self.say(201, value)
            case ["POST", "user", "keys"]:
                line = f'command="{sys.argv[0]} --config={INI} serv key-1",restrict {value["key"]} {name}\n'
                with (pathlib.Path.home() / ".ssh/authorized_keys").open("a") as file:
                    file.write("# gitea public key\n" + line)
                return self.say(201, value)
            case ["POST", "repos", user, name, "issues"]:
                DATABASE.execute("INSERT INTO issue VALUES (?, ?)", (f"{user}/{name}", value["title"]))
                return self.say(201, value)
            case ["GET", "repos", user, name, "issues"]:
                found = DATABASE.execute("SELECT title FROM issue WHERE repository = ?", (f"{user}/{name}",))
                return self.say(200, [{"title": title} for (title,) in found])
        return self.say(404, {"message": "not found"})

    def git(self, words, query):
        name, _ = self.who()
        if name is None and "git-receive-pack" in self.path:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.say(401)
            return
        length = int(self.headers.get("Content-Length") or 0)
        given = {
            "GIT_PROJECT_ROOT": SETTINGS.get("repository", "ROOT"),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": "/" + "/".join(words),
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "REMOTE_USER": name or "",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        said = subprocess.run(
            ["git", "http-backend"],
            input=self.rfile.read(length),
            env=os.environ | given,
            capture_output=True,
            check=True,
        )
        head, _, body = said.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            key, _, text = line.partition(": ")
            self.send_header(key, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def repository(user, name):
    return pathlib.Path(SETTINGS.get("repository", "ROOT"), user, f"{name.removesuffix('.git')}.git")


def serve_by_ssh():
    command, path = shlex.split(os.environ["SSH_ORIGINAL_COMMAND"])
    user, name = path.strip("/").split("/")
    if command not in ("git-upload-pack", "git-receive-pack"):
        fatal("Unknown git command")
    os.execvp("git", ["git", command.removeprefix("git-"), repository(user, name)])


if os.geteuid() == 0:
    fatal("Gitea is not supposed to be run as root.")
SETTINGS = settings()
if WORDS[0] == "serv":
    serve_by_ssh()
if WORDS[0] == "web" and BROKEN:
    fatal("Unable to load this database")
DATABASE = database()
if WORDS[:2] == ["admin", "user"]:
    administer()
elif WORDS[0] == "web":
    ThreadingHTTPServer(
        (SETTINGS.get("server", "HTTP_ADDR"), SETTINGS.getint("server", "HTTP_PORT")), Answers
    ).serve_forever()
else:
    fatal(f"No help topic for '{WORDS[0]}'")
