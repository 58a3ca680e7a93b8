"""A command that a message suggests is for the file that was typed."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deployer import suggested
from deployer.cli import deploy
from deployer.errors import UsageError
from deployer.report import complain, next_step


@pytest.fixture(autouse=True)
def typed() -> Iterator[None]:
    suggested.keep("my sites.yaml")
    yield
    suggested.keep("")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("deploy push www.a.org", "deploy push -c 'my sites.yaml' www.a.org"),
        ("(deploy key list)", "(deploy key list -c 'my sites.yaml')"),
        ("deploy apply does this", "deploy apply -c 'my sites.yaml' does this"),
        ("`deploy plan --full`", "`deploy plan -c 'my sites.yaml' --full`"),
        ("deploy backup --list", "deploy backup -c 'my sites.yaml' --list"),
    ],
)
def test_the_file_is_in_it(text: str, told: str) -> None:
    assert suggested.with_file(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "at home: deploy backup --init, then deploy backup --install",
        "deploy plan -c berlin.yaml",
        "as deploy init wrote it",
        "/usr/local/lib/deploy push",
        "ssh me@deploy push",
        "deploy docs push",
        "deploy-restart x",
        "as a deploy key that may only read",
        "a deploy key or a deploy secret of its own",
    ],
)
def test_what_takes_no_file_or_another_stays(text: str) -> None:
    assert suggested.with_file(text) == text


def test_nothing_is_added_where_none_was_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.yaml").write_text("sites: {}\n")
    deploy.main(["check", "-c", "other.yaml"], standalone_mode=False)
    assert suggested.with_file("deploy apply") == "deploy apply -c other.yaml"
    monkeypatch.setenv("DEPLOY_CONFIG", "other.yaml")
    deploy.main(["check"], standalone_mode=False)
    assert suggested.with_file("deploy apply") == "deploy apply"


def test_it_is_so_wherever_something_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    next_step("deploy push www.a.org")
    complain(UsageError("no", "Run: deploy apply"))
    said = capsys.readouterr().err
    assert "deploy push -c 'my sites.yaml' www.a.org" in said
    assert "Run: deploy apply -c 'my sites.yaml'" in said


def test_each_command_that_takes_the_file_is_known() -> None:
    context = click.Context(deploy)
    taking = set()
    for name in deploy.list_commands(context):
        command = deploy.get_command(context, name)
        assert command
        members = command.commands.values() if isinstance(command, click.Group) else [command]
        for member in members:
            if any(each.name == "config" for each in member.params):
                taking.add(name if member is command else f"{name} {member.name}")
    assert taking - {"init", "rehearse"} == set(suggested.COMMANDS)


def test_a_check_suggests_the_plan_of_the_file_that_it_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    site = "sites: {www.example.net: {kind: proxy, port: 3000}}\n"
    Path("other.yaml").write_text(f"server: {{host: vps.example.net}}\n{site}")
    deploy.main(["check", "-c", "other.yaml"], standalone_mode=False)
    assert "→ deploy plan -c other.yaml shows what would change" in capsys.readouterr().err
