"""Words go out as rich would print them, whether it is loaded or not."""

import subprocess
import sys

import pytest

from deployer.report.page import Page, console

STRANGE = (
    "a\tb",
    "\x1b[1mbold\x1b[0m",
    "[bold]x[/bold]",
    ":smile:",
    "a\r\nb\x07",
    "",
    "a\n",
    " x ",
    "ü✓\x85\x0b",
)


def printed(capsys: pytest.CaptureFixture[str], text: str, end: str) -> list[str]:
    said = []
    for page in (Page(stderr=True), console(stderr=True)):
        page.print(text, style="bold red", end=end)
        said.append(capsys.readouterr().err)
    return said


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("text", [*STRANGE, "x" * 30_000])
def test_words_are_as_rich_prints_them(capsys: pytest.CaptureFixture[str], text: str, end: str) -> None:
    ours, richs = printed(capsys, text, end)
    assert ours == richs


def test_a_colour_is_forced_by_who_wants_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    page = Page(stderr=False)
    page.print("no", style="red")
    assert page.is_terminal
    assert capsys.readouterr().out == "\x1b[31mno\x1b[0m\n"


def test_words_alone_load_no_rich() -> None:
    program = "import sys; from deployer.report import say, out; say('hello', style='red'); out.print('x');"
    program += "import deployer.report.progress, deployer.report.changes;"
    program += "print(out.is_terminal, 'rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stderr, done.stdout) == ("hello\n", "x\nFalse False\n")
