"""What goes from sites.yaml goes from the .env on the server, too."""

import subprocess
from pathlib import Path

import pytest

from deployer.config.model import Config
from deployer.desired import desired_files
from deployer.desired.facts import Facts
from deployer.dotenv import withdrawn_values
from deployer.files import File, unpack
from deployer.plan import Change, Plan, SecretChange
from deployer.report.changes import plan_lines
from deployer.secrets import Withdrawn
from deployer.tasks.apply import parcel

VALUES = "/etc/deploy/sites/chat.test.conf"
SCRIPT = Path(__file__).parents[1] / "deployer/server/scripts/secrets"


def values(given: str, kind: str = "compose", folder: str = "/opt/chat.test") -> File:
    return File(f"NAME=chat.test\nKIND={kind}\nPROJECT=chat\nDIRECTORY={folder}\nGIVEN={given}\n".encode())


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        (values("'OWNER WORD'"), values("OWNER"), ["WORD"]),
        (values("'OWNER WORD'"), None, ["OWNER", "WORD"]),
        (values("WORD"), values("''", "static"), ["WORD"]),
        (values("WORD"), values("WORD", folder="/srv/chat"), []),
        (values("''"), values("WORD"), []),
        (None, values("WORD"), []),
        (File(b"rubbish \xff\x00"), None, []),
        (File(b"GIVEN=WORD\n"), None, []),
    ],
)
def test_what_was_given_and_is_not_any_more_goes(
    before: File | None, after: File | None, gone: list[str]
) -> None:
    desired = desired_files(Config.model_validate({"sites": {}}), Facts("debian", "13"))
    found = list(withdrawn_values([Change(VALUES, before, after, "chat.test")], desired))
    assert found == [
        SecretChange("/opt/chat.test/.env", name, Withdrawn(), False, "chat.test") for name in gone
    ]


def test_it_is_told_and_sent_without_a_value() -> None:
    plan = Plan(secrets=(SecretChange("/opt/chat.test/.env", "WORD", Withdrawn(), False, "chat.test"),))
    assert not plan.empty
    lines = list(plan_lines(plan, "vps"))
    assert lines[0] == "- value WORD in /opt/chat.test/.env (no longer in sites.yaml)"
    assert "1 value to take out" in lines[-1]
    sent = unpack(parcel(plan, "ada"))["/secrets"]
    assert isinstance(sent, File)
    assert sent.content == b"/opt/chat.test/.env\tWORD\tremove\t\n"


def test_the_server_takes_it_out_and_leaves_the_rest(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A='1'\n# mine\nWORD=\"two\nlines\"\nB=3\n")
    orders = f"{file}\tWORD\tremove\t\n{tmp_path}/nowhere/.env\tWORD\tremove\t\n"
    subprocess.run(
        ["bash", "-c", f'set -eu; source "{SCRIPT}"; write_secrets'], input=orders, text=True, check=True
    )
    assert file.read_text() == "A='1'\n# mine\nB=3\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "nowhere").exists()
