"""What Windows lacks, taken away from Python: everything is imported, and what cannot work says so."""

import json
import subprocess
import sys
from pathlib import Path

# Third parties look themselves where they are, so that they are loaded before.
# What CPython lacks on Windows: docs.python.org, "Availability: Unix"
BEFORE = """
import os, pathlib, signal, sys, tempfile
import boto3, botocore.config, click, cryptography.x509, docker, fabric, jinja2, paramiko, pydantic
import pydantic.fields, pydantic.types, rich.live, rich.status, rich.table, tarfile
import subprocess, yaml, zoneinfo
for name in ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
for name in ("chown", "fork", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg", "lchown"):
    delattr(os, name)
for name in ("mkfifo", "openpty", "setsid", "statvfs", "sync", "ttyname", "uname"):
    delattr(os, name)
for name in ("SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGTSTP", "SIGUSR1", "SIGWINCH"):
    delattr(signal, name)
sys.platform = "win32"
"""
IMPORT_ALL = """
import importlib, pkgutil, deployer
for found in pkgutil.walk_packages(deployer.__path__, "deployer."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
"""
CALL_EACH = """
from deployer.cli import main
for line in sys.argv[1:]:
    sys.argv = ["deploy", *line.split()]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    print(f"{line}: {code}", file=sys.stderr)
"""


def on_windows(folder: Path, code: str, *arguments: str) -> str:
    """What Python says, on errors too."""
    argv = [sys.executable, "-c", BEFORE + code, *arguments]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_every_module_is_imported(tmp_path: Path) -> None:
    assert on_windows(tmp_path, IMPORT_ALL) == ""


def test_a_home_server_is_told_where_it_can_be(tmp_path: Path) -> None:
    section = {"server": {"host": "vps.example.org"}, "home": {"directory": str(tmp_path)}}
    (tmp_path / "sites.yaml").write_text(json.dumps(section))
    calls = [f"backup --{option}" for option in ("pull", "verify", "init", "install")]
    said = on_windows(tmp_path, CALL_EACH, *calls)
    assert said.count("does not work on Windows, which lacks the locks and the rsync") == len(calls)
    assert [line for line in said.splitlines() if line.startswith("backup")] == [f"{c}: 2" for c in calls]


def test_what_needs_no_server_works(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text("sites: {a.example.org: {kind: proxy, port: 3000, https: false}}\n")
    said = on_windows(tmp_path, CALL_EACH, "check", "render --out out", "schema", "rehearse")
    codes = [line for line in said.splitlines() if line[-3:-1] == ": "]
    assert codes == ["check: 0", "render --out out: 0", "schema: 0", "rehearse: 1"], said
    assert "A throwaway VPS needs" in said
    assert "Traceback" not in said
