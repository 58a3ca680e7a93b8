"""What the commands for backups refuse, and what they say of a server that has nothing of them."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployer.backups.archives import Archive
from typed import typed


def deploy(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder with this sites.yaml."""
    (folder / "sites.yaml").write_text(text)
    return typed(arguments, folder, {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"})


@pytest.mark.parametrize("date", ["latest", "yesterday", "", "2 days ago"])
def test_a_restore_of_what_is_no_date_chooses_nothing(tmp_path: Path, date: str) -> None:
    done = deploy(tmp_path, "server: {host: 127.0.0.1, port: 1}\n", "restore", "photos", "--at", date, "-y")
    assert done.returncode == 2
    assert f"'{date}' is no date of a backup" in done.stderr
    assert "2026-11-21" in done.stderr


def test_what_a_restore_needs_here_is_said_before_the_server_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "gpg").write_text("#!/bin/sh\n")
    (tmp_path / "gpg").chmod(0o755)
    done = deploy(tmp_path, "server: {host: 127.0.0.1, port: 1}\n", "restore", "photos", "--to", "look")
    assert done.returncode == 2
    assert "zstd is not installed here" in done.stderr
    assert "127.0.0.1" not in done.stderr


@pytest.mark.parametrize("option", [(), ("--list",), ("--report",)])
def test_without_backups_in_sites_yaml_it_says_how_to_get_them(
    tmp_path: Path, option: tuple[str, ...]
) -> None:
    done = deploy(tmp_path, "server: {host: 127.0.0.1, port: 1}\n", "backup", *option)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there are no backups in sites.yaml" in done.stderr
    assert "backup-key.asc" in done.stderr


def test_a_list_of_nothing_is_a_hint_and_no_empty_table(tmp_path: Path) -> None:
    home = f"server: {{host: a.test}}\nhome: {{directory: {tmp_path}}}\n"
    assert deploy(tmp_path, home, "backup", "--init").returncode == 0
    done = deploy(tmp_path, f"home: {{directory: {tmp_path}}}\n", "backup", "--list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "There is no archive yet" in done.stderr
    listed = deploy(tmp_path, f"home: {{directory: {tmp_path}}}\n", "backup", "--list", "--json")
    assert json.loads(listed.stdout) == {"archives": [], "unproved": [], "unknown": []}


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("apply", "--dry-run")])
def test_the_sites_yaml_of_a_home_server_is_not_applied(tmp_path: Path, command: tuple[str, ...]) -> None:
    home = f"server: {{host: 127.0.0.1, port: 1}}\nhome: {{directory: {tmp_path}}}\n"
    done = deploy(tmp_path, home, *command)
    assert done.returncode == 2
    assert "it looks like that of a home server" in done.stderr
    site = "sites: {a.example.org: {kind: redirect, to: https://example.org}}\n"
    assert deploy(tmp_path, home + site, *command).returncode == 3, "it goes on, and nobody answers"


def lay(folder: Path) -> Archive:
    """An archive in a folder at home, with its digest."""
    archive = Archive("photos", datetime(2026, 11, 21, tzinfo=UTC))
    path = folder / archive.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    path.with_name(f"{archive.file}.sha256").write_text(f"{'0' * 64}  {archive.file}\n")
    return archive


def test_a_place_that_cannot_be_asked_is_a_question_mark(tmp_path: Path) -> None:
    lay(tmp_path / "here")
    text = (
        f"server: {{host: 127.0.0.1, port: 1}}\nhome: {{directory: {tmp_path}/here, key: {tmp_path}/none}}\n"
    )
    done = deploy(tmp_path, text, "backup", "--list")
    (row,) = [line for line in done.stdout.splitlines() if "photos" in line]
    assert row.split()[-3:] == ["?", "yes", "–"]
    assert done.returncode == 1
    assert "vps: " in done.stderr
    assert "there is no key" not in done.stderr, "another key is tried"


def test_a_laptop_without_the_folder_of_home_is_told_so(tmp_path: Path) -> None:
    text = f"home: {{directory: {tmp_path}/none, key: {tmp_path}/key}}\n"
    done = deploy(tmp_path, text, "backup", "--list")
    assert done.returncode == 0
    assert "! home: " in done.stderr
    assert "is not on this machine" in done.stderr
    reported = deploy(tmp_path, text, "backup", "--report", "--json")
    assert (reported.returncode, json.loads(reported.stdout)["sites"]) == (1, [])
    (tmp_path / "key").write_text("of the home server")
    done = deploy(tmp_path, text, "backup", "--list")
    assert done.returncode == 1
    assert "! home: there is no folder" in done.stderr


@pytest.mark.parametrize(
    "options", [("--pull", "--list"), ("--list", "--verify"), ("--install", "--uninstall")]
)
def test_two_things_at_once_are_refused(tmp_path: Path, options: tuple[str, str]) -> None:
    done = deploy(tmp_path, f"home: {{directory: {tmp_path}}}\n", "backup", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "do not go together" in done.stderr
    assert all(option in done.stderr for option in options)
