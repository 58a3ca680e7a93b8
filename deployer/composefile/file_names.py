"""What the compose files of a composition are called on the server; pure."""

import re
from collections.abc import Container, Iterator
from itertools import count, takewhile

WHOLE = "docker-compose.yml"
"""The only one, or the one that includes the others."""
UPSTREAM = "docker-compose.upstream.yml"
OURS = "docker-compose.deploy.yml"
SEVERAL = re.compile(r"docker-compose\.(upstream|deploy|override-[0-9]+)\.yml")
"""The files of a composition, besides `docker-compose.yml`, where they are several."""


def override(number: int) -> str:
    """The name of a file of the user's own that lies over the first."""
    return f"docker-compose.override-{number}.yml"


def names_there(folder: str, there: Container[str]) -> Iterator[str]:
    """The compose files that say something, in their order, of those whose paths are there."""
    if f"{folder}{UPSTREAM}" not in there:
        yield WHOLE
        return
    yield UPSTREAM
    yield from takewhile(lambda name: f"{folder}{name}" in there, map(override, count(1)))
    if f"{folder}{OURS}" in there:
        yield OURS
