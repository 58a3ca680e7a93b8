import os
import shlex
import subprocess
import sys

import pytest
from jinja2 import UndefinedError

from deployer.errors import DeployError
from deployer.templates import nginx_lines, nginx_string, render


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("https://example.org/a%20b", "https://example.org/a%20b"),
        ("two words", '"two words"'),
        ('a"b\\c;', '"a\\"b\\\\c;"'),
        ("}", '"}"'),
        ("", '""'),
        ("a\nb", '"a\nb"'),
    ],
)
def test_a_word_for_nginx(text: str, word: str) -> None:
    assert nginx_string(text) == word


@pytest.mark.parametrize("text", ["$request_uri", "a\0b"])
def test_what_nginx_cannot_write(text: str) -> None:
    with pytest.raises(DeployError, match="cannot be written"):
        nginx_string(text)


def test_lines_go_deeper_and_strings_stay() -> None:
    written = "\na {\n  b 'x\n y' \"z\n}\";\n\n} # it's\nc d\"e\nf\\\ng;\n"
    assert nginx_lines(written, 2) == "a {\n    b 'x\n y' \"z\n}\";\n\n  } # it's\n  c d\"e\n  f\\\ng;"


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="script"):
        render("system/hook", domain="example.org", moment="before")


def test_a_value_for_bash() -> None:
    text = render("system/hook", domain="example.org", moment="after", script="true")
    assert shlex.split(text, comments=True) == ["set", "-e", "-o", "pipefail", "true"]


def test_a_template_is_compiled_once() -> None:
    """It is kept where Python keeps its modules so, and by the same rules."""
    program = "from deployer.templates import render; from jinja2 import Environment; made = [];"
    program += "compile = Environment.compile;"
    program += "Environment.compile = lambda *a, **k: made.append(1) or compile(*a, **k);"
    program += "render('system/undo.service'); print(len(made))"
    once = [sys.executable, "-c", program]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(once, env=kept, check=True, capture_output=True)
    again = subprocess.run(once, env=kept, check=True, capture_output=True, text=True)
    unkept = kept | {"PYTHONDONTWRITEBYTECODE": "1"}
    anew = subprocess.run(once, env=unkept, check=True, capture_output=True, text=True)
    assert (again.stdout, anew.stdout) == ("0\n", "1\n")
