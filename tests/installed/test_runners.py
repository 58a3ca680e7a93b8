"""What runs entries, and their databases: each behind the same functions, chosen in one place."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from installed.conftest import Root

INSTALLED = Path(__file__).parents[2] / "deployer/server/installed"
NOBODY = 65534
RUNNERS = ("compose", "systemd")
PROGRAMS = ("backup", "push", "releases", "restart", "restore", "resume", "rollback", "start", "stop")
PARTS = ("lib/backup", "lib/restore", "../sent/apply")
"""What goes by the functions of a runner, and asks nobody which it is."""


def functions(path: Path, prefix: str) -> set[str]:
    """The functions that a file for bash defines by names with this beginning."""
    return set(re.findall(rf"^({prefix}_\w+)\(\)", path.read_text(), re.MULTILINE))


def test_every_runner_has_the_same_functions() -> None:
    own = {name: functions(INSTALLED / "lib/runner" / name, "runner") for name in RUNNERS}
    assert own["compose"] == own["systemd"] != set()
    used = {
        word
        for path in INSTALLED.rglob("*")
        if path.is_file() and path not in [INSTALLED / "lib/runner" / name for name in RUNNERS]
        for word in re.findall(r"\brunner_[a-z_]+", path.read_text())
    }
    assert used - {"runner_of_kind"} == own["compose"], "each is there for whoever calls it"


def test_nothing_else_asks_of_what_kind_something_is() -> None:
    asked = [
        f"{path.name}: {line.strip()}"
        for path in (
            *(INSTALLED / "bin" / name for name in PROGRAMS),
            *(path for folder in PARTS for path in (INSTALLED / folder).iterdir()),
        )
        for line in path.read_text().splitlines()
        if re.search(r"\$\{?(KIND|RUNNER)[^_]*(==|!=|=~)|(==|!=|=~).*\$\{?RUNNER|grep .*KIND=", line)
        and "runner_of_kind" not in line
    ]
    assert asked == []


def find(folder: Path, name: str) -> str:
    """Which runner the values in a folder give to a name."""
    script = f'source {INSTALLED}/lib/runner/choose; find_runner {name} {folder}; echo "$RUNNER"'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("values", "backup", "runner"),
    [
        ("KIND=wiki\nRUNNER=systemd\n", "KIND=folder\nRUNNER=systemd\n", "systemd"),
        ("KIND=compose\nRUNNER=compose\n", None, "compose"),
        (None, "KIND=folder\nRUNNER=systemd\n", "systemd"),
        ("KIND=compose\n", "KIND=umami\n", "compose"),
        ("KIND='compose'\n", None, "compose"),
        (None, "KIND=folder\n", "systemd"),
        (None, "KIND=umami\n", "compose"),
        ("KIND=static\n", None, ""),
        (None, None, ""),
    ],
)
def test_the_runner_is_what_the_values_say_or_follows_from_the_kind(
    tmp_path: Path, values: str | None, backup: str | None, runner: str
) -> None:
    for path, text in {"sites/wiki.conf": values, "backup/wiki": backup}.items():
        (tmp_path / path).parent.mkdir()
        if text:
            (tmp_path / path).write_text(text)
    assert find(tmp_path, "wiki") == runner


@pytest.mark.parametrize("program", ["push", "rollback", "releases"])
def test_what_runs_on_the_server_itself_has_no_releases(root: Root, program: str) -> None:
    root.service("wiki", KIND="wiki", RUNNER="systemd")
    assert root.run(program, "wiki", code=2).startswith(
        "✗ wiki runs on the server itself: nothing of it is pushed\n"
    )


def test_every_database_has_the_same_functions() -> None:
    own = {path.name: functions(path, "database") for path in (INSTALLED / "lib/database").iterdir()}
    own.pop("place")
    assert set(own) == {"postgres", "mariadb", "sqlite"}
    wanted = {f"database_{each}" for each in ("make", "dump", "load", "empty", "version", "roles", "tables")}
    assert {name: wanted - found for name, found in own.items()} == {name: set() for name in own}
    shared = own["postgres"] & own["mariadb"] - wanted
    assert shared == {"database_others"}, "of those on the server, where users have names"
    accounts = own["mariadb"] - wanted - shared
    assert accounts == {"database_accounts", "database_flush"}, "of its containers alone"


def database(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = INSTALLED / "bin/database"
    return subprocess.run(["bash", program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("postgres", "dump"),
        ("oracle", "dump", "db"),
        ("postgres", "paint", "db"),
        ("postgres", "make", "db"),
        ("postgres", "replace", "db"),
        ("postgres", "dump", "--here"),
        ("postgres", "dump", "--here", "a'b"),
        ("postgres", "dump", "--here", "../shop"),
        ("mariadb", "make", "db", "`x`"),
        ("sqlite", "dump", "db"),
        ("sqlite", "dump", "--here", "shop.db"),
        ("postgres", "accounts", "db"),
    ],
)
def test_a_database_that_is_called_wrongly_says_how_it_is_called(arguments: tuple[str, ...]) -> None:
    done = database(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[1].startswith("usage: database ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
def test_root_makes_and_empties_no_sqlite_file_where_a_link_of_its_owner_leads(tmp_path: Path) -> None:
    """The folder is its owner's, who can put a link in the place of each name in it, also a moment later."""
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:3]:
        folder.chmod(folder.stat().st_mode | 0o011)
    theirs, roots = tmp_path / "theirs", tmp_path / "roots"
    for folder in (theirs, roots, theirs / "data"):
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
    os.chown(roots, 0, 0)

    def call(action: str, name: Path) -> subprocess.CompletedProcess[str]:
        words = (
            f'INSTALLED={INSTALLED}; source "$INSTALLED/lib/database/sqlite"; NAME={name}; database_{action}'
        )
        return subprocess.run(["bash", "-euc", words], capture_output=True, text=True, check=False)

    file = theirs / "data/a.db"
    assert call("make", file).returncode == 0
    assert (file.stat().st_uid, file.stat().st_gid, file.stat().st_mode & 0o777) == (NOBODY, NOBODY, 0o600)
    for name in ("a.db", "a.db-wal"):
        (theirs / "data" / name).write_text("x")
    assert call("empty", file).returncode == 0
    assert [(path.name, path.read_text()) for path in (theirs / "data").iterdir()] == [("a.db", "")]
    for name in ("b.db", "b.db-wal"):
        (roots / name).write_text("precious")
    (theirs / "link").symlink_to(roots)
    assert call("make", theirs / "link/c.db").returncode != 0
    assert call("empty", theirs / "link/b.db").returncode != 0
    (theirs / "data/d.db").symlink_to(roots / "b.db")
    call("empty", theirs / "data/d.db")
    assert sorted((path.name, path.read_text()) for path in roots.iterdir()) == [
        ("b.db", "precious"),
        ("b.db-wal", "precious"),
    ]


def test_what_a_compose_file_is_brought_up_with_knows_its_folder_as_a_push_does(tmp_path: Path) -> None:
    script = f"""
source {INSTALLED}/lib/runner/compose
source <(sed -n '/^go_to()/p' {INSTALLED}/lib/composition/composition)
DIRECTORY={tmp_path} PROJECT=shop STOP_SECONDS=9
COMPOSE=(bash -c 'echo "$PWD $*"' x)
runner_order up web; cd {tmp_path}; runner_order start web
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{tmp_path} --file docker-compose.yml --project-name shop up web",
        "/ --project-name shop start web",
    ]
