"""The root before every path is for tests: nobody who is let in by sshd, sudo or a unit brings one along."""

import os
import subprocess
from pathlib import Path

from installed.conftest import INSTALLED, Root

ROOT = Path(__file__).parents[2]
TOLD = 'source "$1"; echo "root: $DEPLOY_ROOT"; bash -c \'echo "of others: ${DEPLOY_ROOT:-}"\''


def test_who_comes_through_sudo_has_none() -> None:
    argv = ["bash", "-uc", TOLD, "-", str(INSTALLED / "lib/common/program")]
    given = {"PATH": os.environ["PATH"], "DEPLOY_ROOT": "/made/up"}
    kept = subprocess.run(argv, env=given, capture_output=True, text=True, check=True).stdout
    assert kept == "root: /made/up\nof others: /made/up\n"
    through_sudo = given | {"SUDO_USER": "deploy"}
    left = subprocess.run(argv, env=through_sudo, capture_output=True, text=True, check=True).stdout
    assert left == "root: \nof others: \n"


def test_what_sshd_starts_knows_no_root_and_what_sudo_starts_drops_it_first() -> None:
    assert "DEPLOY_ROOT" not in (INSTALLED / "bin/entrance").read_text()
    begin, _, _ = (INSTALLED / "bin/admit").read_text().partition('source "$INSTALLED/lib/common/program"')
    assert [line for line in begin.splitlines() if not line.startswith(("#", "set ", "INSTALLED="))] == []


def test_nothing_on_a_server_sets_one_or_lets_one_through() -> None:
    written = [path for path in (ROOT / "tests/golden").rglob("*") if path.is_file() and path.suffix != ".py"]
    assert written
    for word in ("DEPLOY_ROOT", "SETENV", "env_keep", "!env_reset", "AcceptEnv", "PermitUserEnvironment"):
        assert [path for path in written if word in path.read_text(errors="replace")] == [], word
    sent = [path for path in (INSTALLED.parent / "sent").rglob("*") if path.is_file()]
    assert [path.name for path in sent if "DEPLOY_ROOT" in path.read_text()] == []


def test_every_path_of_ours_has_it_before(root: Root) -> None:
    """A program that forgets it would look at this machine: what is there has another name."""
    for program in ("push", "rollback", "releases", "have", "key", "restore"):
        assert "here.test is not on this server yet" in root.run(program, "here.test", code=69), program
    root.site("here.test")
    assert root.run("releases", "here.test") == "here.test has no release yet\n"
