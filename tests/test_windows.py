"""What Windows lacks, taken away from Python: everything is imported, and what cannot work says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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


AT_HOME = [f"backup --{option} -c home.yaml" for option in ("pull", "verify", "init", "install")]
WITHOUT_SERVER = ["check", "render --out out", "schema", "rehearse"]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What commands say there, one after the other."""
    folder = tmp_path_factory.mktemp("windows")
    section = {"server": {"host": "vps.example.org"}, "home": {"directory": str(folder)}}
    (folder / "home.yaml").write_text(json.dumps(section))
    (folder / "sites.yaml").write_text("sites: {a.example.org: {kind: proxy, port: 3000, https: false}}\n")
    return on_windows(folder, CALL_EACH, *AT_HOME, *WITHOUT_SERVER)


def test_a_home_server_is_told_where_it_can_be(said: str) -> None:
    assert said.count("does not work on Windows, which lacks the locks and the rsync") == len(AT_HOME)
    assert [line for line in said.splitlines() if line.startswith("backup")] == [f"{c}: 2" for c in AT_HOME]


def test_what_needs_no_server_works(said: str) -> None:
    codes = [line for line in said.splitlines() if line[-3:-1] == ": " and not line.startswith("backup")]
    assert codes == ["check: 0", "render --out out: 0", "schema: 0", "rehearse: 1"], said
    assert "A throwaway VPS needs" in said
    assert "Traceback" not in said
