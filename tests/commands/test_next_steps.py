"""After each command one line says what comes next, and a new site that has nothing to show is named."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import deployer
from deployer import tasks
from deployer.cli import deploy
from deployer.commands import _next
from deployer.config.model import Config
from deployer.files import File
from deployer.planning.plan import Change, Plan
from deployer.tasks import push as tasks_push
from deployer.tasks.push import UNCHANGED

CONFIG = Config.model_validate(
    {
        "sites": {
            "www.example.org": {"kind": "hugo", "repository": "https://git.example.org/a.git"},
            "docs.example.org": {"kind": "static", "repository": "https://git.example.org/b.git"},
            "sent.example.org": {"kind": "static"},
            "ntfy.example.org": {"kind": "ntfy"},
        }
    }
)


class Server:
    """One on which these sites have been pushed before."""

    def __init__(self, *published: str) -> None:
        self.published = published

    def ask(self, command: str) -> Any:
        there = [name for name in CONFIG.sites if f" {name}" in command and name not in self.published]
        return SimpleNamespace(output="".join(f"{name}\n" for name in there).encode())


def plan(*names: str) -> Plan:
    return Plan(changes=tuple(Change(f"/etc/deploy/sites/{name}.conf", None, File(b"")) for name in names))


@pytest.mark.parametrize(
    ("published", "new", "told"),
    [
        (
            (),
            ("www.example.org", "ntfy.example.org"),
            "www.example.org answers 404 until it is pushed.\n→ deploy push www.example.org\n",
        ),
        ((), ("www.example.org", "docs.example.org"), "→ deploy push www.example.org docs.example.org\n"),
        (
            (),
            ("www.example.org", "sent.example.org"),
            "→ deploy push www.example.org; deploy push sent.example.org --from FOLDER\n",
        ),
        (("www.example.org",), ("www.example.org",), "→ deploy status shows "),
        ((), (), "→ deploy status shows "),
    ],
)
def test_after_an_apply(
    published: tuple[str, ...], new: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _next.after_apply(Server(*published), CONFIG, plan(*new))  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert told in said
    assert ("404" in said) == ("push" in told)


@pytest.mark.parametrize(("there", "told"), [("", "deploy push shop.test"), ("live", "deploy status shows")])
def test_after_an_apply_an_application_that_waits_is_pushed(
    there: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The apply itself has said why it waits, and maybe for which key."""
    shop = {"kind": "app", "repository": "git@git.example.org:shop.git", "port": 3000}
    server = SimpleNamespace(ask=lambda _: SimpleNamespace(output=b"" if there else b"shop.test\n"))
    _next.after_apply(server, Config.model_validate({"sites": {"shop.test": shop}}), plan("shop.test"))  # type: ignore[arg-type]
    assert capsys.readouterr().err.startswith(f"→ {told}")


def test_after_a_plan_and_a_push(capsys: pytest.CaptureFixture[str]) -> None:
    _next.after_plan(Plan(), ())
    assert capsys.readouterr().err == ""
    _next.after_plan(plan("www.example.org"), ("www.example.org",))
    assert capsys.readouterr().err.startswith("→ deploy apply www.example.org does this")
    _next.after_push({"www.example.org": CONFIG.sites["www.example.org"]})
    assert capsys.readouterr().err == (
        "→ look at https://www.example.org/; deploy rollback www.example.org takes it back\n"
    )
    _next.after_push({"www.example.org": CONFIG.sites["www.example.org"]}, ["www.example.org"])
    assert capsys.readouterr().err == "→ look at https://www.example.org/\n", "nothing was there before it"
    _next.after_push({})
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", UNCHANGED)
def test_after_a_push_that_changed_nothing_no_way_back_is_promised(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    scripts = Path(deployer.__file__).parent / "server/installed"
    assert words in "".join((scripts / name).read_text() for name in ("bin/push", "bin/compose-push"))

    @contextmanager
    def server_of(*_: object) -> Iterator[Any]:
        yield SimpleNamespace(ask=lambda _: SimpleNamespace(output=b""))

    def push(_: Any, what: tasks_push.Push, line: Callable[[str], None]) -> tasks_push.Pushed:
        line(f"{what.domain} is{words}" if what.domain == "www.example.org" else f"{what.domain} is live")
        return tasks_push.Pushed.DONE

    monkeypatch.setattr(tasks, "server_of", server_of)
    monkeypatch.setattr(tasks_push, "push", push)
    monkeypatch.chdir(tmp_path)
    sites = {
        name: site.model_dump(include={"kind", "repository"}, exclude_defaults=True)
        for name, site in CONFIG.sites.items()
    }
    Path("sites.yaml").write_text(json.dumps({"sites": sites}))
    deploy.main(["push", "www.example.org"], standalone_mode=False)
    assert capsys.readouterr().err.endswith("→ look at https://www.example.org/\n")
    deploy.main(["push", "docs.example.org"], standalone_mode=False)
    assert "deploy rollback docs.example.org takes it back\n" in capsys.readouterr().err


def test_a_no_to_any_question_ends_with_a_word() -> None:
    modules = sorted((Path(deployer.__file__).parent / "commands").glob("*.py"))
    told = [
        each for file in modules for each in re.findall(r"not confirm\(.*\):\n(.*\n.*)", file.read_text())
    ]
    assert len(told) == sum(file.read_text().count("confirm(") for file in modules)
    assert all("othing was" in each for each in told)
