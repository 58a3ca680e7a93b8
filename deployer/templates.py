"""Rendering: what lands on a server is a template with values, each quoted for the language it lands in."""

import re
import shlex
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deployer.errors import DeployError

NGINX_WORD = re.compile(r"[A-Za-z0-9_./:@%+=,~*!&()\[\]-]+")


def render(name: str, **values: object) -> str:
    """The text of a template, by its path below templates/; a value that is missing is an error."""
    return _environment().get_template(name).render(values)


def nginx_string(text: str) -> str:
    """One word for NGINX, quoted where it has to be.

    NGINX cannot write a literal `$` (it begins a variable, in quotes too), so a text with one is refused.
    """
    if "$" in text or "\0" in text:
        raise DeployError(f"{text!r} cannot be written into an NGINX file", "Leave out `$` and NUL.")
    if NGINX_WORD.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(sh=shlex.quote, nginx=nginx_string)
    return environment


def _folder() -> Path:
    """In a wheel the templates are inside the package, in a checkout beside it."""
    package = Path(__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
