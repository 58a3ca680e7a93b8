"""Rendering: what lands on a server is a template with values, each quoted for the language it lands in."""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import DeployError
from deployer.files import LateFile

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.bccache import BytecodeCache

NGINX_TOKEN_OR_LINE_END = re.compile(
    r"""(\#[^\n]* | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | [;{}] | (?:\\.|\$\{|[^\s;{\\])+) | \n(?!\n)""",
    re.DOTALL | re.VERBOSE,
)
YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
NGINX_WORD = re.compile(r"[A-Za-z0-9_./:@%+=,~*!&()\[\]-]+")


def render(name: str, /, **values: object) -> str:
    """The text of a template, by its path below templates/; a value that is missing is an error."""
    return _environment().get_template(name).render(values)


def rendered(name: str, mode: int = 0o644, /, **values: object) -> LateFile:
    """A template as a file."""
    return LateFile(lambda: render(name, **values).encode(), mode)


def nginx_string(text: str) -> str:
    """One word for NGINX, quoted where it has to be.

    NGINX cannot write a literal `$` (it begins a variable, in quotes too), so a text with one is refused.
    """
    if "$" in text or "\0" in text:
        raise DeployError(f"{text!r} cannot be written into an NGINX file", "Leave out `$` and NUL.")
    if NGINX_WORD.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def nginx_lines(text: str, indent: int) -> str:
    """Directives as they are written, deeper by some spaces; strings of several lines stay as they are."""
    deeper = "\n" + " " * indent
    return NGINX_TOKEN_OR_LINE_END.sub(lambda found: found[1] or deeper, text.strip())


def compose_string(text: str) -> str:
    """A text as one YAML string in a compose file, in which Docker Compose replaces nothing."""
    escaped = text.replace("$", "$$").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else _yaml_escape(letter) for letter in escaped) + '"'


def with_more(values: Mapping[str, str], *more: Mapping[str, str]) -> dict[str, str]:
    """Environment variables of a template, quoted for a compose file, with more or other values of a user.

    A template's own value may name a variable of .env as ${NAME}; a user's stays what it is. What is
    empty in the template is left out.
    """
    entries = {name: f'"{value}"' for name, value in values.items() if value}
    for theirs in more:
        entries |= {name: compose_string(value) for name, value in theirs.items()}
    # What a YAML reader may take for something else than text
    return {f'"{name}"' if name.lower() in YAML_WORDS else name: value for name, value in entries.items()}


def _yaml_escape(letter: str) -> str:
    return f"\\U{ord(letter):08X}"


@cache
def _environment() -> "Environment":
    # Here, because `deploy check` knows all kinds but renders none of them.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_folder()),
        bytecode_cache=_compiled(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(sh=shlex.quote, nginx=nginx_string, nginx_lines=nginx_lines)
    environment.filters.update(compose=compose_string, with_more=with_more)
    return environment


def _compiled() -> "BytecodeCache | None":
    """Templates as they were compiled before, beside the modules that Python keeps so, and by its rules."""
    from jinja2.bccache import Bucket, FileSystemBytecodeCache

    class Beside(FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Bucket) -> None:
            with suppress(OSError):  # there may be no room for it
                super().dump_bytecode(bucket)

    folder = Path(__file__).parent / "__pycache__"
    kept = not sys.dont_write_bytecode and os.access(folder, os.W_OK)
    return Beside(str(folder), "%s.template") if kept else None


def _folder() -> Path:
    """In a wheel the templates are inside the package, in a checkout beside it."""
    package = Path(__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
