"""What runs in a container, and where in it something is: what is accepted cannot carry syntax."""

import re
import shlex
from contextlib import suppress
from typing import Annotated

from deployer.values.names import one_line
from deployer.values.quantities import shown
from deployer.values.types import schema, text


def program(text: str) -> str:
    """What a container runs: words as a shell reads them, though none does."""
    if not text.strip():
        raise ValueError("what it runs is missing, such as node worker.js")
    if sign := sign_of_shell(text):
        raise ValueError(
            f"no shell reads this, so {sign} is a word as any other: sh -c '…' has one, in most images"
        )
    return one_line(text)


def sign_of_shell(text: str) -> str:
    """What means something to a shell alone, && | ; > and their like, outside of quotes; empty without any.

    A single & may be of an address.
    """
    lexer = shlex.shlex(text, posix=False, punctuation_chars="|&;<>")
    lexer.commenters = ""
    with suppress(ValueError):  # a quote that is never closed, which Compose tells of
        return next((word for word in lexer if word != "&" and not set(word) - set("|&;<>")), "")
    return ""


def inside(text: str) -> str:
    """A folder in a container."""
    if not re.fullmatch(r"(/[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99})+", text, re.ASCII) or "/../" in f"{text}/":
        raise ValueError(f"{shown(text)} is not a folder in a container, such as /app/uploads")
    return text


IMAGE = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)


def image_reference(text: str) -> str:
    """A container image, with the tag or the digest that says which."""
    if not IMAGE.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a container image such as registry.example.org/me/app:1.4")
    if ":" not in text.rpartition("/")[2]:
        raise ValueError(f"{shown(text)} says not which image: write its tag behind it, such as {text}:1.4")
    return text


ContainerCommand = Annotated[str, text(program), schema("string")]
ContainerFolder = Annotated[str, text(inside), schema("string", pattern="^/.+$")]
ImageReference = Annotated[str, text(image_reference), schema("string", pattern="^[A-Za-z0-9./_-]+[:@].+$")]
