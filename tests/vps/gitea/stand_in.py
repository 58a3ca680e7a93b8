#!/usr/bin/python3
"""A stand-in for Gitea, where a machine has none: as strict as Gitea where deploy leans on it, and nothing besides.

It refuses root, secrets that are in app.ini, missing or empty, a database of a newer version, and requests that its
API does not know. SCHEMA, BROKEN and HANGS are replaced where another version is made of it.
"""

import base64
import configparser
import datetime
import hashlib
import ipaddress
import json
import os
import pathlib
import re
import secrets
import shlex
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCHEMA = 331
BROKEN = False
HANGS = False
WORDS = sys.argv[1:]
if WORDS == ["--version"]:
    sys.exit(print("gitea version", "1.26.0" if SCHEMA == 331 else "1.25.0", "built with Python"))
INI = WORDS[WORDS.index("--config") + 1] if "--config" in WORDS else WORDS[0].removeprefix("--config=")
WORDS = [word for word in WORDS if word not in ("--config", INI) and not word.startswith("--config=")]


def fatal(text):
    sys.exit(text)


SECRETS = {}


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
        text, path = parser.get(section, key, fallback=""), parser.get(section, f"{key}_URI", fallback="")
        if (text and path) or (path and not path.startswith("file:/")):
            fatal(f"Cannot specify both {key}_URI and {key}")
        text = text or pathlib.Path(path.removeprefix("file:")).read_text().strip()
        SECRETS[key] = text
        if not text or (key.endswith("JWT_SECRET") and len(base64.urlsafe_b64decode(text + "==")) != 32):
            fatal(f"Failed to read {key}_URI")
    if not parser.getboolean("security", "INSTALL_LOCK"):
        fatal("it would ask to be installed")
    return parser


class Database:
    """SQLite's file, or the command line of MariaDB and of PostgreSQL, which come in by the socket."""

    def __init__(self):
        self.kind = SETTINGS.get("database", "DB_TYPE")
        if self.kind == "sqlite3":
            place = SETTINGS.get("database", "PATH")
            self.file = sqlite3.connect(place, check_same_thread=False, isolation_level=None, timeout=30)
            self.file.execute("PRAGMA journal_mode = WAL")
        else:
            host, user, name = (SETTINGS.get("database", key) for key in ("HOST", "USER", "NAME"))
            if (password := SETTINGS.get("database", "PASSWD", fallback="").strip("`")) and host.startswith(
                "/"
            ):
                fatal("a password, where the socket tells who asks")
            os.environ["MYSQL_PWD"] = password
            way = f"--socket={host}" if host.startswith("/") else f"--host={host.partition(':')[0]}"
            self.client = {
                "mysql": ["mariadb", way, f"--user={user}", "-N", "-B", "-r", name],
                "postgres": ["psql", "-XqtA", "-F\t", "-vON_ERROR_STOP=1", f"-h{host}", f"-U{user}", name],
            }[self.kind]
        for table in TABLES:
            self(f"CREATE TABLE IF NOT EXISTS {table}")
        found = self("SELECT version FROM version")
        if found and int(found[0][0]) > SCHEMA:
            fatal(
                f"Your database (migration version: {found[0][0]}) is for a newer Gitea, you can not use the newer database"
            )
        if not found or int(found[0][0]) < SCHEMA:
            self("DELETE FROM version")
            self("INSERT INTO version VALUES (1, ?)", SCHEMA)
        sealed = digest(SECRETS["SECRET_KEY"])
        if not self("SELECT digest FROM sealed"):
            self("INSERT INTO sealed VALUES (?)", sealed)
        if self("SELECT digest FROM sealed")[0][0] != sealed:
            fatal("the SECRET_KEY is not that of before: nobody with two factors could log in")

    def __call__(self, statement, *values):
        if self.kind == "sqlite3":
            return self.file.execute(statement, values).fetchall()
        for value in values:
            quoted = str(value).replace("'", "''").replace("\\", "")
            statement = statement.replace("?", str(value) if isinstance(value, int) else f"'{quoted}'", 1)
        if self.kind == "mysql":
            statement = f"SET sql_mode = 'ANSI_QUOTES'; {statement}"
        done = subprocess.run(self.client, input=statement, capture_output=True, text=True)
        if done.returncode:
            fatal(f"ORM engine initialization failed: {done.stderr}")
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


TABLES = (
    "version (id INTEGER, version INTEGER)",
    '"user" (name VARCHAR(100) PRIMARY KEY, email TEXT, password TEXT, admin INTEGER)',
    "access_token (owner TEXT, name TEXT, hash TEXT, scopes TEXT)",
    "issue (repository TEXT, title TEXT)",
    "sealed (digest TEXT)",
    "push_mirror (repository TEXT, name TEXT, address TEXT, seconds INTEGER, on_commit INTEGER,"
    " updated TEXT, error TEXT)",
)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def option(name):
    return WORDS[WORDS.index(f"--{name}") + 1]


def administer():
    action = WORDS[2]
    if action == "list":
        print("ID   Username   Email   IsActive")
        for number, (name, email) in enumerate(DATABASE('SELECT name, email FROM "user" WHERE admin = 1'), 1):
            print(f"{number}    {name}      {email}   true")
    elif action == "create":
        password = option("password") if "--password" in WORDS else secrets.token_hex()
        values = option("username"), option("email"), digest(password), int("--admin" in WORDS)
        DATABASE('INSERT INTO "user" VALUES (?, ?, ?, ?)', *values)
        print("New user was successfully created")
    elif action == "generate-access-token":
        token = secrets.token_hex(20)
        values = option("username"), option("token-name"), digest(token), option("scopes")
        DATABASE("INSERT INTO access_token VALUES (?, ?, ?, ?)", *values)
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
            asked = 'SELECT 1 FROM "user" WHERE name = ? AND password = ?'
            return (name, "all") if DATABASE(asked, name, digest(password)) else (None, "")
        found = DATABASE("SELECT owner, scopes FROM access_token WHERE hash = ?", digest(what))
        return found[0] if how == "token" and found else (None, "")

    def do_GET(self):
        self.answer()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def answer(self):
        path, _, query = self.path.partition("?")
        words = [urllib.parse.unquote(word) for word in path.split("/")[1:]]
        if words == ["api", "healthz"]:
            DATABASE("SELECT 1")
            return self.say(200, {"status": "pass"})
        if words[:2] == ["api", "v1"]:
            return self.interface(words[2:])
        if words[2:4] == ["info", "lfs"]:
            return self.large(words[:2], words[4:])
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
                DATABASE('UPDATE "user" SET password = ? WHERE name = ?', digest(value["password"]), user)
                return self.say(200, {"login": user})
            case ["DELETE", "users", user, "tokens", token]:
                if scopes != "all":
                    return self.say(401, {"message": "auth required"})
                if not DATABASE("SELECT 1 FROM access_token WHERE owner = ? AND name = ?", user, token):
                    return self.say(404)
                DATABASE("DELETE FROM access_token WHERE owner = ? AND name = ?", user, token)
                return self.say(204)
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
                held = "no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty,no-user-rc,restrict"
                line = f'command="{sys.argv[0]} --config={INI} serv key-1",{held} {value["key"]} {name}\n'
                with (pathlib.Path.home() / ".ssh/authorized_keys").open("a") as file:
                    file.write("# gitea public key\n" + line)
                return self.say(201, value)
            case ["POST", "repos", user, name, "issues"]:
                DATABASE("INSERT INTO issue VALUES (?, ?)", f"{user}/{name}", value["title"])
                return self.say(201, value)
            case ["GET", "repos", user, name, "issues"]:
                found = DATABASE("SELECT title FROM issue WHERE repository = ?", f"{user}/{name}")
                return self.say(200, [{"title": title} for (title,) in found])
            case ["GET", "repos", "search"]:
                return self.search(scopes)
            case ["GET" | "POST" | "DELETE", "repos", user, name, "push_mirrors" | "push_mirrors-sync", *_]:
                if "all" not in scopes and "write:repository" not in scopes:
                    return self.say(403, {"message": "token does not have the scope"})
                if not repository(user, name).exists():
                    return self.say(404, {"message": "not found"})
                return self.mirrors(f"{user}/{name}", repository(user, name), words[3:], value)
        return self.say(404, {"message": "not found"})

    def large(self, place, words):
        """Git LFS: a batch tells where each object is taken and given."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.who()[0] is None:
            return self.say(401)
        folder = pathlib.Path(SETTINGS.get("lfs", "PATH"))
        if words == ["objects", "batch"]:
            asked = json.loads(body)
            there = f"{SETTINGS.get('server', 'ROOT_URL')}{'/'.join(place)}/info/lfs/objects"
            for each in asked["objects"]:
                each["actions"] = {asked["operation"]: {"href": f"{there}/{each['oid']}"}}
            return self.say(200, {"transfer": "basic", "objects": asked["objects"]})
        oid = words[1]
        file = folder / oid[:2] / oid[2:4] / oid[4:]
        if self.command == "PUT":
            if hashlib.sha256(body).hexdigest() != oid:
                return self.say(422)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
            return self.say(200)
        self.send_response(200)
        self.send_header("Content-Length", str(file.stat().st_size))
        self.end_headers()
        return self.wfile.write(file.read_bytes())

    def search(self, scopes):
        query = urllib.parse.parse_qs(self.path.partition("?")[2])
        if not query.keys() <= {"page", "limit"} or int(query["limit"][0]) > 50:
            return self.say(422, {"message": "unknown parameter"})
        if "all" not in scopes and "write:repository" not in scopes:
            return self.say(403, {"message": "token does not have the scope"})
        found = sorted(pathlib.Path(SETTINGS.get("repository", "ROOT")).glob("*/*.git"))
        first = (int(query.get("page", ["1"])[0]) - 1) * int(query["limit"][0])
        names = [f"{each.parent.name}/{each.stem}" for each in found][first:][: int(query["limit"][0])]
        data = [{"full_name": name, "archived": False, "mirror": False} for name in names]
        return self.say(200, {"ok": True, "data": data})

    def mirrors(self, name, place, words, value):
        match [self.command, *words]:
            case ["GET", "push_mirrors"]:
                columns = "name, address, seconds, on_commit, updated, error"
                rows = DATABASE(f"SELECT {columns} FROM push_mirror WHERE repository = ?", name)
                return self.say(200, [mirror(name, *row) for row in rows])
            case ["POST", "push_mirrors"]:
                return self.add_mirror(name, place, value)
            case ["DELETE", "push_mirrors", remote]:  # the remote stays in the repository, as with Gitea
                DATABASE("DELETE FROM push_mirror WHERE name = ?", remote)
                return self.say(204)
            case ["POST", "push_mirrors-sync"]:
                return self.push_all(name, place)
        return self.say(405, {"message": "method not allowed"})

    def add_mirror(self, name, place, value):
        known = {"remote_address", "remote_username", "remote_password", "interval", "sync_on_commit"}
        amount = re.fullmatch(r"(\d+)(s|m|h)", value.get("interval", ""))
        seconds = int(amount[1]) * {"s": 1, "m": 60, "h": 3600}[amount[2]] if amount else -1
        if not value.keys() <= known or not isinstance(value.get("sync_on_commit", False), bool):
            return self.say(422, {"message": "unknown field"})
        if seconds != 0 and seconds < 600:
            return self.say(400, {"message": f"time: invalid duration {value.get('interval', '')!r}"})
        address = urllib.parse.urlsplit(value["remote_address"])
        is_local = not ipaddress.ip_address(socket.gethostbyname(address.hostname)).is_global
        if is_local and not SETTINGS.getboolean("migrations", "ALLOW_LOCALNETWORKS"):
            return self.say(401, {"message": "Permission denied"})
        remote = f"remote_mirror_{secrets.token_hex(5)}"
        who = ":".join(urllib.parse.quote(value[f"remote_{each}"], "") for each in ("username", "password"))
        url = address._replace(netloc=f"{who}@{address.netloc}").geturl()
        subprocess.run(["git", "-C", place, "remote", "add", "--mirror=push", remote, url], check=True)
        row = (remote, value["remote_address"], seconds, int(value.get("sync_on_commit", False)), "", "")
        DATABASE("INSERT INTO push_mirror VALUES (?, ?, ?, ?, ?, ?, ?)", name, *row)
        return self.say(200, mirror(name, *row))

    def push_all(self, name, place):
        failed = []
        for (remote,) in DATABASE("SELECT name FROM push_mirror WHERE repository = ?", name):
            said = subprocess.run(
                ["git", "-C", place, "push", "-f", "--mirror", remote],
                env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            words = re.sub(r"//[^@/]*@", "//", said.stderr) if said.returncode else ""
            now = datetime.datetime.now(datetime.UTC).isoformat()
            DATABASE("UPDATE push_mirror SET updated = ?, error = ? WHERE name = ?", now, words, remote)
            failed += [remote] if words else []
        if not failed:
            return self.say(200)
        if SCHEMA < 331:
            return self.say(500, {"message": f"error occurred when syncing push mirror {failed[0]}"})
        return self.say(422, {"message": f"error occurred when syncing push mirrors: {', '.join(failed)}"})

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


def mirror(repository, name, address, seconds, on_commit, updated, error):
    return {
        "repo_name": repository.partition("/")[2],
        "remote_name": name,
        "remote_address": address,
        "created": "2026-01-01T00:00:00Z",
        "last_update": updated or None,
        "last_error": error,
        "interval": f"{seconds // 3600}h{seconds // 60 % 60}m{seconds % 60}s" if seconds else "0s",
        "sync_on_commit": bool(on_commit),
    }


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
if SCHEMA < 331 and SETTINGS.get("server", "PUBLIC_URL_DETECTION", fallback="auto") == "never":
    fatal("Invalid PUBLIC_URL_DETECTION value: never")
if WORDS[0] == "web" and BROKEN:
    fatal("Unable to load this database")
DATABASE = Database()
if WORDS[0] == "web" and HANGS:
    pathlib.Path(SETTINGS.get("server", "APP_DATA_PATH"), "migrates").touch()
    time.sleep(1e6)
if WORDS[:2] == ["admin", "user"]:
    administer()
elif WORDS[0] == "web":
    while pathlib.Path(SETTINGS.get("server", "APP_DATA_PATH"), "../hold").exists():
        time.sleep(0.05)
    ThreadingHTTPServer(
        (SETTINGS.get("server", "HTTP_ADDR"), SETTINGS.getint("server", "HTTP_PORT")), Answers
    ).serve_forever()
elif WORDS[:2] == ["admin", "regenerate"]:
    pathlib.Path(SETTINGS.get("server", "APP_DATA_PATH"), f"regenerated-{WORDS[2]}").touch()
else:
    fatal(f"No help topic for '{WORDS[0]}'")
