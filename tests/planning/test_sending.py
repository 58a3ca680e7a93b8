"""Files of this machine that go to a server: once, and only where the server has nothing of them."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.planning.comparing import make_plan
from deployer.planning.desired import questions_of
from deployer.planning.plan import Plan
from deployer.planning.stages import in_the_end
from deployer.report.changes import plan_lines
from deployer.seen.facts import Certificate, Facts
from deployer.seen.observation import Observation
from deployer.shares.question import Question
from deployer.tasks.sending import why_not
from deployer.values.program import SENT, AtHome, Sent

PROGRAM = b"#!/bin/sh\n"
DIGEST = hashlib.sha256(PROGRAM).hexdigest()
MADE = f"/opt/git.test/bin/gitea-1.26.0-{DIGEST[:12]}"
GITEA = f"""
sites:
  git.test: {{kind: gitea, version: 1.26.0, sha256: {DIGEST}, email: me@git.test, binary: BINARY}}
"""
CERTIFIED = Facts("debian", "13", certificates={"git.test": Certificate(frozenset({"git.test"}), 0, "")})


def config(folder: Path, binary: str) -> Config:
    (folder / "sites.yaml").write_text(GITEA.replace("BINARY", binary))
    return load(folder / "sites.yaml")


def plan(folder: Path, missing: set[str], there: bool = False) -> Plan:
    """Of a file at home; `there`: with all that we have written."""
    desired = in_the_end(config(folder, "programs/gitea"), CERTIFIED)
    files = desired.files if there else {}
    written = {path: file.digest for path, file in files.items()}
    facts = replace(CERTIFIED, missing=frozenset(missing))
    return make_plan(desired, Observation(facts, dict(files), written), "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs/gitea").write_bytes(PROGRAM)
    return tmp_path


def test_a_file_at_home_is_a_path_on_the_server_that_has_its_digest(folder: Path) -> None:
    desired = in_the_end(config(folder, "programs/gitea"), CERTIFIED)
    assert f"\nORIGIN={SENT}/{DIGEST}\n" in desired.files["/etc/deploy/gitea/git.test.conf"].content.decode()
    assert {Question("path", MADE), Question("path", f"{SENT}/{DIGEST}")} <= {*questions_of(desired)}
    for elsewhere in ("/root/gitea", "https://example.org/gitea"):
        desired = in_the_end(config(folder, elsewhere), CERTIFIED)
        assert f"ORIGIN={elsewhere}\n" in desired.files["/etc/deploy/gitea/git.test.conf"].content.decode()
        assert desired.sent == ()


def test_it_is_sent_when_the_server_has_neither_it_nor_what_is_made_of_it(folder: Path) -> None:
    file = AtHome("programs/gitea", str(folder / "programs/gitea"), len(PROGRAM))
    wanted = plan(folder, {MADE, f"{SENT}/{DIGEST}"})
    assert wanted.sent == (Sent(file, DIGEST, "/etc/deploy/gitea/git.test.conf", MADE),)
    assert "+ programs/gitea (10 B) sent from here" in [*plan_lines(wanted, "vps")]
    assert plan(folder, {MADE}).sent == ()
    assert plan(folder, {f"{SENT}/{DIGEST}"}).sent == ()
    assert plan(folder, {MADE, f"{SENT}/{DIGEST}"}, there=True).sent == (), "nothing asks for it"


def test_who_does_not_have_the_file_plans_the_same(folder: Path) -> None:
    before = in_the_end(config(folder, "programs/gitea"), CERTIFIED).files
    (folder / "programs/gitea").unlink()
    assert in_the_end(config(folder, "programs/gitea"), CERTIFIED).files == before


def test_a_file_that_cannot_be_read_or_is_another_is_not_sent(folder: Path) -> None:
    file = AtHome("programs/gitea", str(folder / "programs/gitea"), len(PROGRAM))
    assert why_not(Sent(file, DIGEST, "", MADE)) == ""
    said = why_not(Sent(file, "0" * 64, "", MADE))
    assert (
        said
        == f"programs/gitea is not what sites.yaml says: its SHA-256 is {DIGEST}, and sha256: says {'0' * 64}"
    )
    (folder / "programs/gitea").unlink()
    assert why_not(Sent(file, DIGEST, "", MADE)).endswith("programs/gitea: No such file or directory)")


@pytest.mark.parametrize("binary", ["ftp://example.org/gitea", "/root/../gitea?", '"a\\nb"'])
def test_what_is_neither_an_address_nor_a_path_is_refused(folder: Path, binary: str) -> None:
    with pytest.raises(ConfigError):
        config(folder, binary)
