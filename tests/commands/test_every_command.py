"""Whatever breaks, no command lets the exception of a library through: what it raises is one of our own."""

import json
import os
import re
import shutil
import subprocess
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import click
import pytest

from commands.broken import broken
from deployer import waiting
from deployer.backups.archives import Archive
from deployer.cli import deploy
from deployer.errors import DeployError
from deployer.server import login
from deployer.server.connection import Server
from deployer.waiting import Waiting
from home.sample import lay, now
from server.hostile_sshd import AT_ONCE, FAULTS, HostileSshd, client_key
from turns import share
from typed import typed

EXAMPLES = Path(__file__).parents[2] / "examples"
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC022uwG5vjIQbBGX2S7cc/zOKqjEV4ELJCdhVS2xsKx"
ARGUMENTS: dict[str, list[str]] = {
    "apply": ["", "--yes", "page.test --yes --wait"],
    "audit": ["", "--json"],
    "backup": [
        "",
        "ntfy.test",
        "--list",
        "--report --json",
        "--pull",
        "--verify",
        "--install",
        "--uninstall",
    ],
    "check": ["", "--json"],
    "completion": ["bash"],
    "dns": ["", "--list", "--json", "--yes --force"],
    "docs": ["", "first-site"],
    "doctor": ["", "--json"],
    "exec": ["ntfy.test -- ls", "ntfy.test --service app -- sh -c ls"],
    "init": ["--help"],
    "key add": ["other --push code.test --yes", "more --pull-backups --public sites.yaml"],
    "key list": ["", "--json"],
    "key revoke": ["ci --yes"],
    "key show": ["code.test"],
    "logs": ["ntfy.test", "ntfy.test --follow", "ntfy.test --service app"],
    "maintenance": ["page.test on", "page.test off"],
    "mirrors": ["", "--check", "--json"],
    "notify": ["--test"],
    "plan": ["", "--json", "page.test --full"],
    "previews": ["page.test", "page.test --json", "page.test --remove new"],
    "push": ["page.test", "page.test --as new", "code.test", "ntfy.test --yes", "page.test --ref main"],
    "rehearse": ["--stop nobody"],
    "releases": ["page.test", "ntfy.test --json"],
    "render": ["--output rendered"],
    "restart": ["ntfy.test"],
    "restore": ["ntfy.test --yes", "--all --yes", "ntfy.test --to there --from home", "ntfy.test --from vps"],
    "rollback": ["page.test", "ntfy.test"],
    "run": ["ntfy.test -- ls"],
    "schema": [""],
    "secret show": ["ntfy.test NTFY_PASSWORD"],
    "shield": ["page.test on", "page.test off"],
    "services": ["", "--json"],
    "start": ["ntfy.test"],
    "stats": ["", "page.test --json --days 7"],
    "status": ["", "--json", "--html page.html", "--publish page.test"],
    "stop": ["ntfy.test"],
    "update": ["", "--check"],
    "watch": ["", "--json", "--install", "--uninstall"],
    "workflow": ["code.test", "code.test --install-secrets --gitea http://127.0.0.1:9 --key key"],
}
CALLS = [f"{name} {arguments}".split() for name, every in ARGUMENTS.items() for arguments in every]
ONE_EACH = [f"{name} {every[0]}".split() for name, every in ARGUMENTS.items()]
SILENT = "answers nothing"
AT_OUR_PLACE = {"check", "completion", "docs", "init", "rehearse", "render", "schema"}
"""They ask no server, whatever is wrong with it."""
AT_HOME = [["backup", option] for option in ("--pull", "--list", "--report", "--verify")]


def leaves(group: click.Group, prefix: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield from (
            leaves(command, f"{prefix}{name} ") if isinstance(command, click.Group) else [prefix + name]
        )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a commit."""
    made = tmp_path_factory.mktemp("page")
    subprocess.run(["git", "init", "-q", "-b", "main", made], check=True)
    git = ["git", "-C", made, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "One"], check=True)
    return made


@pytest.fixture
def folder(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, who has everything in sites.yaml."""
    shutil.copytree(page, tmp_path / "page", ignore=shutil.ignore_patterns("*.sample"))
    lay(tmp_path / "archives", Archive("ntfy.test", now()), b"no archive at all")
    client_key(tmp_path)
    shutil.copy(EXAMPLES / "backup-key.asc", tmp_path)
    for name in ("HOME", "GNUPGHOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("GITEA_TOKEN", "token")
    monkeypatch.setenv("DNS_TOKEN", "token")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr("deployer.home.arrival.PAUSE", 0)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, sshd: HostileSshd, **server: object) -> None:
    reach = {"host": "127.0.0.1", "port": sshd.port, "host_key": sshd.host_key, "key": "key"} | server
    sites = {
        "page.test": {"kind": "static", "repository": "page"},
        "code.test": {"kind": "static", "repository": "ssh://git@127.0.0.1:9/me/code.git"},
        "ntfy.test": {"kind": "ntfy"},
        "git.test": {
            "kind": "gitea",
            "version": "1.26.0",
            "sha256": "0" * 64,
            "email": "me@example.org",
            "mirrors": {"github": {"owner": "me", "token": "env:GITEA_TOKEN"}},
        },
    }
    home = {"directory": "archives", "key": "key"}
    config = {
        "server": {key: value for key, value in reach.items() if value},
        "email": "me@example.org",
        "sites": sites,
        "backups": {"recipient": "backup-key.asc"},
        "dns": {"provider": "cloudflare", "token": "env:DNS_TOKEN", "endpoint": "http://127.0.0.1:9/"},
        "home": home,
        "keys": {"ci": {"public": PUBLIC, "push": ["code.test"]}},
    }
    (folder / "sites.yaml").write_text(json.dumps(config))  # YAML, too


def call(arguments: list[str]) -> str:
    """What is wrong with how a command ends, before the last line of defence: an exception not of ours."""
    try:
        deploy.main(arguments, standalone_mode=False)
    except DeployError as error:
        said = f"{error.message}\n{error.advice}"
        return said if re.search(r"Exception\(|Error\(|Errno|Traceback", said) else ""
    except (click.ClickException, click.Abort):
        return ""
    except Exception as error:
        return "".join(traceback.format_exception(error)[-3:])
    return ""


def test_every_command_is_tried() -> None:
    assert sorted(ARGUMENTS) == sorted(leaves(deploy))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != SILENT])
def test_a_server_that(fault: str, folder: Path) -> None:
    sshd = HostileSshd(fault)
    wrong = {}
    for arguments in share(ONE_EACH if fault in AT_ONCE else CALLS, fault):
        if arguments[0] in AT_OUR_PLACE:
            continue
        write(folder, sshd)
        if found := call(arguments):
            wrong[" ".join(arguments)] = found
    sshd.close()
    assert not wrong, "\n".join(f"{call}: {found}" for call, found in wrong.items())


def test_a_server_that_answers_nothing_and_no_command_waits_for_it_without_a_word(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    silent: set[str] = set()
    asking: set[str] = set()

    @contextmanager
    def show(wait: Waiting) -> Iterator[None]:
        said.append(wait.what)
        try:
            yield
        finally:
            said.remove(wait.what)

    def watched(where: type | ModuleType, name: str) -> None:
        asks = getattr(where, name)

        def watch(*arguments: object, **more: object) -> object:
            asking.add(command[0])
            if not said:
                silent.add(" ".join(command))
            return asks(*arguments, **more)

        monkeypatch.setattr(where, name, watch)

    monkeypatch.setattr(waiting, "_shower", show)
    watched(Server, "channel")
    watched(login, "meet")
    sshd = HostileSshd(SILENT)
    wrong = {}
    for command in CALLS:
        write(folder, sshd)
        if found := call(command):
            wrong[" ".join(command)] = found
    sshd.close()
    assert not wrong, "\n".join(f"{call}: {found}" for call, found in wrong.items())
    assert not asking & AT_OUR_PLACE
    logs = {"logs ntfy.test", "logs ntfy.test --follow", "logs ntfy.test --service app"}
    assert silent == logs, "these print what comes as it comes"


GARBAGE = bytes(range(256))
INPUTS: dict[str, dict[str, bytes | None]] = {
    "no sites.yaml": {"sites.yaml": None},
    "a sites.yaml that is no text": {"sites.yaml": GARBAGE},
    "an empty sites.yaml": {"sites.yaml": b""},
    "no key": {"key": None},
    "a key that is none": {"key": GARBAGE},
    "half a key": {"key": b"-----BEGIN OPENSSH PRIVATE KEY-----\nYWJj\n-----END OPENSSH PRIVATE KEY-----\n"},
    "an SSH configuration that is none": {".ssh/config": b"Host\n  Nonsense\nMatch\n\xff"},
    "known hosts that are none": {".ssh/known_hosts": b"127.0.0.1 ssh-ed25519 ====\n\xff\xfe\n", "pin": None},
    "known hosts of others": {
        ".ssh/known_hosts": b"@cert-authority *.example.org ssh-rsa AAAAB3Nza\n@revoked * ssh-dss\n@no x y\n",
        "pin": None,
    },
    "a backup key that is none": {"backup-key.asc": GARBAGE},
    "no archives": {"archives": None},
    "records that are none": {"archives/.deploy/verified.jsonl": GARBAGE + b'\n{"time": 1, "archive": 2}\n'},
    "no repository": {"page": None},
}


@pytest.mark.parametrize("case", INPUTS)
def test_a_user_who_has(case: str, folder: Path) -> None:
    sshd = HostileSshd(SILENT)
    wrong = {}
    for arguments in share([*ONE_EACH, *AT_HOME], case):
        write(folder, sshd, **({"host_key": None} if "pin" in INPUTS[case] else {}))
        for name, content in INPUTS[case].items():
            put(folder / name, content)
        if found := call(arguments):
            wrong[" ".join(arguments)] = found
    sshd.close()
    assert not wrong, "\n".join(f"{call}: {found}" for call, found in wrong.items())


def put(path: Path, content: bytes | None) -> None:
    """Make a file have this content, or take it away."""
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("a_key", "✗ this is a fault of deploy itself, not yours: KeyError"),
        ("recursion", "✗ this is a fault of deploy itself, not yours: RecursionError"),
        ("a_file", "✗ /nowhere/at/all: No such file or directory"),
        ("a_thread", "ZeroDivisionError"),
    ],
)
def test_the_last_line_of_defence(what: str, said: str, tmp_path: Path) -> None:
    done = typed(["status"], tmp_path, os.environ, before=partial(broken, what))
    assert said in done.stderr
    assert "DEPLOY_TRACEBACK=1" in done.stderr
    assert not [word for word in ("Traceback", "secret value") if word in done.stdout + done.stderr]
    asked = typed(["status"], tmp_path, os.environ | {"DEPLOY_TRACEBACK": "1"}, before=partial(broken, what))
    assert asked.stderr.startswith("Traceback")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["push"],
            "✗ SITES is missing.\nIt is called so: deploy push [OPTIONS] SITES... (deploy push --help",
        ),
        (["apply", "--yess"], "✗ no option '--yess' (did you mean '--yes'?)\n"),
        (["plan", "--no-such-thing"], "✗ no option '--no-such-thing'.\n"),
        (["logs", "a.test", "--lines", "0"], "✗ --lines: 0 is not in the range x>=1.\n"),
        (["logs", "a.test", "--lines"], "✗ --lines wants a value.\n"),
        (["logs", "a.test", "b.test"], "✗ unexpected extra argument (b.test)\n"),
        (["posh"], "✗ no command 'posh' (did you mean 'push'?)\n"),
    ],
)
def test_what_is_mistyped_is_told_as_every_failure(words: list[str], said: str, tmp_path: Path) -> None:
    done = typed(words, tmp_path, {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"})
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
