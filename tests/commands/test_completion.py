"""What a shell completes: commands, options, and the names of the sites.yaml that is meant."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from deployer.cli import deploy

SITES = """\
sites:
  www.example.org: {kind: hugo, repository: blog}
  notes.example.org: {kind: no such kind}
services:
  watchtower:
backups: {folders: {photos: [/srv/photos]}}
keys: {ci: {}}
"""
ALL = ["www.example.org", "notes.example.org", "watchtower"]


def complete(words: list[str], typed: str = "") -> list[str]:
    shell = BashComplete(deploy, {}, "deploy", "_DEPLOY_COMPLETE")
    return [item.value for item in shell.get_completions(words, typed)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sites.yaml").write_text(SITES)
    monkeypatch.delenv("DEPLOY_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "typed", "found"),
    [
        (["push"], "", ALL),
        (["push"], "n", ["notes.example.org"]),
        (["push", "www.example.org"], "", ALL[1:]),
        (["logs", "--follow"], "wa", ["watchtower"]),
        (["start"], "", ALL),
        (["restore"], "p", ["photos"]),
        (["key", "revoke"], "", ["ci"]),
        (["docs"], "first", ["first-site"]),
        ([], "sta", ["start", "stats", "status"]),
        (["restore"], "--a", ["--all", "--at", "--as", "--archive-load"]),
    ],
)
def test_what_could_come_next(words: list[str], typed: str, found: list[str]) -> None:
    assert complete(words, typed) == found


def test_the_names_are_those_of_the_file_that_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "other.yaml").write_text("sites: {other.example.org: {}}")
    assert complete(["push", "-c", "other.yaml"]) == ["other.example.org"]
    monkeypatch.setenv("DEPLOY_CONFIG", "other.yaml")
    assert complete(["push"]) == ["other.example.org"]


@pytest.mark.parametrize("text", ["", "sites: [", "sites: {", "a: &a [*a]", "- sites", "\0", None])
def test_a_file_that_is_none_completes_nothing(text: str | None, folder: Path) -> None:
    (folder / "sites.yaml").write_text(text) if text is not None else (folder / "sites.yaml").unlink()
    assert complete(["push"]) == []


def test_every_argument_that_is_a_name_is_completed() -> None:
    context = click.Context(deploy)
    lacking = [
        name
        for name in deploy.list_commands(context)
        for parameter in deploy.get_command(context, name).params
        if isinstance(parameter, click.Argument)
        and parameter._custom_shell_complete is None
        and not isinstance(parameter.type, click.Choice)
        and parameter.type is not click.UNPROCESSED  # what is run elsewhere
    ]
    assert lacking == []


def test_bash_takes_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    asked = (
        "source <(deploy completion bash); COMP_WORDS=(deploy push w) COMP_CWORD=2; "
        "_deploy_completion deploy; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    said = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["www.example.org", "watchtower"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_theirs(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    deploy.main(["completion", shell], standalone_mode=False)
    assert f"_DEPLOY_COMPLETE={shell}_complete" in capsys.readouterr().out
