"""After each command one line says what comes next, and a new site that has nothing to show is named."""

from types import SimpleNamespace
from typing import Any

import pytest

from deployer.commands import _next
from deployer.config.model import Config
from deployer.files import File
from deployer.plan import Change, Plan

CONFIG = Config.model_validate(
    {
        "sites": {
            "www.example.org": {"kind": "hugo", "repository": "https://git.example.org/a.git"},
            "docs.example.org": {"kind": "static", "repository": "https://git.example.org/b.git"},
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
