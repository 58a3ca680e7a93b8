"""What goes from sites.yaml goes from the .env on the server, too."""

import re
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from deployer.config.model import Config
from deployer.files import File, unpack
from deployer.planning.comparing import make_plan
from deployer.planning.desired import desired_files
from deployer.planning.dotenv import withdrawn_values
from deployer.planning.plan import Change, Plan, SecretChange
from deployer.planning.renames import env_files_of_renamed
from deployer.report.changes import plan_lines
from deployer.seen.facts import Facts
from deployer.seen.stacks import Stack
from deployer.tasks.apply import parcel
from deployer.values.attachments import LocalFile
from deployer.values.secrets import Generated, Given, Inherited, Withdrawn
from planning.test_plan import READY
from planning.test_plan import seen as on_server

VALUES = "/etc/deploy/sites/chat.test.conf"
SCRIPT = Path(__file__).parents[2] / "deployer/server/installed/lib/composition/secrets"


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


def notes(name: str, **more: object) -> Config:
    return Config.model_validate({"sites": {name: {"kind": "umami", "port": 3000, "https": False} | more}})


def going_on(
    before: Config, after: Config, secrets: dict[str, dict[str, str]], scope: list[str] | None = None
) -> Plan:
    """The plan for `after` where `before` runs with its volumes, and its .env files have these digests."""
    ((name, entry),) = before.compositions.items()
    folder, project = entry.folder(name), entry.project(name)
    stack = Stack(project, folder, True, frozenset({"3000/tcp"}), volumes=frozenset({f"{project}_data"}))
    facts = replace(READY, stacks={project: stack})
    there = replace(on_server(desired_files(before, facts).files, facts), secrets=secrets)
    return make_plan(desired_files(after, facts), there, "", scope)


OLD, NEW = "/opt/notes.test/.env", "/opt/memo.test/.env"
SECRETS = {"APP_SECRET": "1" * 64, "DB_PASSWORD": "2" * 64, "TWO_FACTOR_ENCRYPTION_KEY": "3" * 64}
COPIED, MADE = dict.fromkeys(SECRETS, "+ copied"), dict.fromkeys(SECRETS, "+ made")


def unseen(plan: Plan) -> dict[str, str]:
    """What is made or copied on the server, by its name."""
    found = {}
    for each in plan.secrets:
        sign = "+" if each.new else "~"
        if isinstance(each.secret, Generated | Inherited):
            assert (each.path, each.composition) in ((NEW, "memo.test"), (OLD, "memo.test"))
            assert each.secret == Inherited(OLD) or isinstance(each.secret, Generated)
            found[each.name] = f"{sign} {'copied' if isinstance(each.secret, Inherited) else 'made'}"
    return found


@pytest.mark.parametrize(
    ("before", "after", "there", "wanted"),
    [
        ({}, {"project": "notes-test"}, {OLD: SECRETS}, COPIED),
        ({"project": "notes"}, {"project": "notes"}, {OLD: SECRETS}, COPIED),
        ({}, {"project": "notes-test", "port": 3001}, {OLD: SECRETS}, COPIED),
        # an apply that failed, or another life of that name, has left values that do not fit the volumes
        (
            {},
            {"project": "notes-test"},
            {OLD: SECRETS, NEW: SECRETS | {"DB_PASSWORD": "9" * 64}},
            {"DB_PASSWORD": "~ copied"},
        ),
        ({}, {"project": "notes-test"}, {OLD: SECRETS, NEW: SECRETS}, {}),
        (
            {},
            {"project": "notes-test"},
            {OLD: {"DB_PASSWORD": "2" * 64, "BY_HAND": "4" * 64}},
            MADE | {"DB_PASSWORD": "+ copied", "BY_HAND": "+ copied"},
        ),
        ({"project": "notes"}, {"project": "notes"}, {OLD: {"COMPOSE_PROJECT_NAME": "5" * 64}}, MADE),
        ({}, {"directory": "/opt/notes.test", "project": "notes-test"}, {OLD: SECRETS}, {}),
        ({}, {"directory": "/opt/notes.test"}, {OLD: SECRETS}, {}),
        ({}, {}, {OLD: SECRETS}, MADE),
        ({"kind": "ntfy"}, {"project": "notes-test"}, {}, MADE),
        ({"kind": "ntfy"}, {"kind": "ntfy", "project": "notes-test"}, {OLD: {"BY_HAND": "4" * 64}},
         {"BY_HAND": "+ copied"}),
    ],
)  # fmt: skip
def test_values_go_on_with_the_volumes_that_they_open(
    before: dict[str, object],
    after: dict[str, object],
    there: dict[str, dict[str, str]],
    wanted: dict[str, str],
) -> None:
    old, new = notes("notes.test", **before), notes("memo.test", **after)
    assert unseen(going_on(old, new, there)) == wanted
    for name in ("memo.test", "other.test"):  # what is not named keeps its project and its port
        assert unseen(going_on(old, new, there, scope=[name])) == {}


COMPOSE = b"""\
services:
  app: {image: a, ports: ["127.0.0.1:3000:3000"]}
  db:
    image: postgres
    volumes: ["$DATA/db:/var/lib/postgresql/data", "logs:/logs"]
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}
volumes: {logs: {name: "${LOGS:-app}_logs"}}
"""


@pytest.mark.parametrize(
    ("there", "data", "wanted"),
    [
        ("/srv/shop", {"DATA": "/srv/shop"}, {"DB_PASSWORD": "+ copied"}),
        ("/srv/shop", {"DATA": "/srv/shop", "LOGS": "shop"}, {"DB_PASSWORD": "+ copied"}),
        ("/srv/other", {"DATA": "/srv/shop", "LOGS": "shop"}, {"DB_PASSWORD": "+ made"}),
        ("/srv/other", {"DATA": "/srv/shop"}, {"DB_PASSWORD": "+ copied"}),  # they share app_logs
    ],
)
def test_data_that_a_variable_names_goes_on_too(
    there: str, data: dict[str, str], wanted: dict[str, str]
) -> None:
    more = {
        "kind": "compose",
        "file": LocalFile("c.yml", "/c.yml", COMPOSE),
        "secrets": {"DB_PASSWORD": "generate"},
        "environment": data,
    }
    secrets = {"DB_PASSWORD": "2" * 64, "DATA": sha256(there.encode()).hexdigest()}
    plan = going_on(notes("notes.test", **more), notes("memo.test", **more), {OLD: secrets})
    assert unseen(plan) == wanted


@pytest.mark.parametrize(
    ("folder", "copied"),
    [("/root/notes", True), ("/opt/memo.test", False), ("", False), ("/root/my notes", False)],
)
def test_the_values_of_what_was_started_by_hand_go_on_too(folder: str, copied: bool) -> None:
    new, old = notes("memo.test", project="notes"), f"{folder}/.env"
    stack = Stack("notes", folder, True, frozenset({"3000/tcp"}), volumes=frozenset({"notes_db"}))
    facts = replace(READY, stacks={"notes": stack})
    there = replace(on_server({}, facts), secrets={old: SECRETS} if folder == "/root/notes" else {})
    desired = desired_files(new, facts)
    assert env_files_of_renamed(desired, there) == ({NEW, old} if copied else set())
    found = {each.name: each.secret for each in make_plan(desired, there, "").secrets}
    del found["COMPOSE_PROJECT_NAME"]
    assert (found == dict.fromkeys(SECRETS, Inherited(old))) is copied
    again = replace(there, files=desired.files, secrets={old: SECRETS, NEW: dict.fromkeys(SECRETS, "7" * 64)})
    assert not [each for each in make_plan(desired, again, "").secrets if isinstance(each.secret, Inherited)]


def test_what_goes_on_is_told_and_sent_without_a_value() -> None:
    plan = going_on(notes("notes.test"), notes("memo.test", project="notes-test"), {OLD: SECRETS})
    assert f"+ secret APP_SECRET in {NEW} (as it is in {OLD})" in list(plan_lines(plan, "vps"))
    assert not any("begins anew" in note or "new values" in note for note in plan.notes)
    sent = unpack(parcel(plan, "ada", {Given("notes-test"): "notes-test"}))["/secrets"]
    assert isinstance(sent, File)
    assert f"{NEW}\tAPP_SECRET\tcopy\t{OLD}\n" in sent.content.decode()


def test_it_is_told_that_a_value_of_before_stays_as_a_remark() -> None:
    there = {OLD: SECRETS, NEW: {**SECRETS, "APP_SECRET": "another"}}
    plan = going_on(notes("notes.test"), notes("memo.test", project="notes-test"), there)
    told = f"~ secret APP_SECRET in {NEW} (as it is in {OLD}; what it was stays there as a remark)"
    assert told in list(plan_lines(plan, "vps"))


def test_the_server_copies_a_line_as_it_stands(tmp_path: Path) -> None:
    old, new = tmp_path / "old/.env", tmp_path / "new/.env"
    for file in (old, new):
        file.parent.mkdir()
    old.write_text("A='it''s'\nexport URL=\"x://${A}@db\" # mine\nKEY='two\nlines'\nWORD=gone\n")
    new.write_text("# here\nA='other'\n")
    orders = "".join(f"{new}\t{name}\tcopy\t{old}\n" for name in ("A", "URL", "KEY", "WORD"))
    orders += f"{old}\tWORD\tremove\t\n"

    def write(orders: str) -> int:
        script = f'set -eu; source "{SCRIPT}"; write_secrets'
        return subprocess.run(["bash", "-c", script], input=orders, text=True, check=False).returncode

    assert write(orders) == 0
    text = new.read_text()
    remark = re.search(r"^# until 20[0-9-]{8}: A='other'\n", text, re.MULTILINE)
    assert remark, "what was made with it may still be there"
    assert text.replace(remark[0], "") == (
        "# here\nA='it''s'\nURL=\"x://${A}@db\" # mine\nKEY='two\nlines'\nWORD=gone\n"
    )
    assert write(orders.partition(f"{old}\tWORD\tremove")[0].replace("WORD", "KEY")) == 0
    assert new.read_text() == text, "nothing is another now"
    assert new.stat().st_mode & 0o777 == 0o600
    assert write(f"{new}\tMORE\tcopy\t{old}\n")  # it went meanwhile: nothing is made up
    assert write(f"{new}\tA\tcopy\t/etc/shadow\n")
