"""Archives: listed, pruned, made by the scripts of their names, and put back only where that is defined."""

import json
import subprocess
from pathlib import Path

import pytest

from installed.conftest import Root

SCRIPTS = sorted((Path(__file__).parent.parent / "golden/services/debian-13/etc/deploy/backup").iterdir())


def archive(root: Root, name: str, day: int, digest: str = "") -> str:
    file = f"backup-{name}-2026-11-{day:02}-230000.tar.zst.gpg"
    root.write(f"/home/backups/{name}/{file}", "x" * day)
    if digest:
        root.write(f"/home/backups/{name}/{file}.sha256", f"{digest}  {file}\n")
    return file


def test_archives_are_listed_newest_first(root: Root) -> None:
    old, new = archive(root, "notes", 1), archive(root, "notes", 2, "ab" * 32)
    other = archive(root, "photos", 3)
    root.write("/home/backups/notes/backup-notes-2026.part", "")
    listed = [json.loads(line) for line in root.run("backup-list").splitlines()]
    assert [(each["name"], each["file"], each["bytes"], each["sha256"]) for each in listed] == [
        ("notes", new, 2, "ab" * 32),
        ("notes", old, 1, ""),
        ("photos", other, 3, ""),
    ]
    assert root.run("backup-list", "photos", "none", "../etc").count("\n") == 1


def test_what_need_not_stay_is_told_and_then_removed(root: Root) -> None:
    root.write("/etc/deploy/backup.conf", "KEEP_DAILY=1\nKEEP_WEEKLY=0\nKEEP_MONTHLY=0\n")
    files = [archive(root, "notes", day, "ab" * 32) for day in range(1, 20)]
    there = root.path("/home/backups/notes/x").parent
    root.run("backup-prune", "notes", "--dry-run")
    assert sorted(path.name for path in there.glob("*.gpg")) == files
    root.run("backup-prune", "notes")
    left = sorted(path.name for path in there.glob("*.gpg"))
    assert left == files[-3:]
    assert sorted(path.name for path in there.glob("*.sha256")) == [f"{file}.sha256" for file in left]


def test_only_what_has_a_script_is_backed_up(root: Root) -> None:
    assert "✗ nothing of notes is backed up on this server" in root.run("backup", "notes", code=69)
    assert "✗ '../x' is no name" in root.run("backup", "../x", code=2)
    assert "✗ --by wants a value" in root.run("backup", "--by", code=2)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("notes", "--size", "all"), "'all' is no number of bytes"),
        (("notes", "others"), "what is others? one name at a time"),
        (("notes", "--onto"), "unknown option --onto"),
    ],
)
def test_a_restore_that_nobody_understands_changes_nothing(
    root: Root, arguments: tuple[str, ...], why: str
) -> None:
    assert f"✗ {why}" in root.run("restore", *arguments, code=2)


def test_nothing_is_put_back_that_sites_yaml_does_not_know(root: Root) -> None:
    assert "notes is not on this server yet: run deploy apply notes" in root.run("restore", "notes", code=69)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_what_the_callers_shell_has_exported_is_no_part_of_a_backup(script: Path) -> None:
    names = "FOLDER VOLUMES ALSO DATABASES EXCLUDE UNITS OWNER DUMP LOAD SERVICE"
    tell = f'back_up() {{ for name in {names}; do echo "$name ${{!name-}}"; done; }}'
    told = f"source() {{ :; }}; {tell}; . {script}"
    env = {"PATH": "/usr/bin:/bin", **dict.fromkeys(names.split(), "theirs")}
    said = subprocess.run(["bash", "-c", told], env=env, capture_output=True, text=True, check=True).stdout
    assert "FOLDER" in said
    assert "theirs" not in said
