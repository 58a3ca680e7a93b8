"""What runs in a container, and where in it something is: what is accepted cannot carry syntax."""

import re
from typing import Annotated

from deployer.values.names import one_line
from deployer.values.quantities import shown
from deployer.values.types import schema, text


def program(text: str) -> str:
    """What a container runs: words as a shell reads them, though none does."""
    if not text.strip():
        raise ValueError("what it runs is missing, such as node worker.js")
    return one_line(text)


def inside(text: str) -> str:
    """A folder in a container."""
    if not re.fullmatch(r"(/[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99})+", text, re.ASCII) or "/../" in f"{text}/":
        raise ValueError(f"{shown(text)} is not a folder in a container, such as /app/uploads")
    return text


ContainerCommand = Annotated[str, text(program), schema("string")]
ContainerFolder = Annotated[str, text(inside), schema("string", pattern="^/.+$")]
