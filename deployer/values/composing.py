"""What sites.yaml says of parts of a compose file: ports, profiles, logs."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from deployer.values.quantities import boolean, shown, whole_number
from deployer.values.service_names import secret_name
from deployer.values.types import (
    EnvironmentValue,
    RelativePath,
    SecretName,
    SecretSource,
    as_text,
    schema,
    text,
)

LARGEST_ID = (1 << 32) - 2
port = whole_number(1, 65535)
NUMBER = "(0|[1-9][0-9]{0,9})"
OWNER = rf"{NUMBER}(?::{NUMBER})?(?: (0[0-7]{{3}}))?"


def public_ports(value: object) -> bool | frozenset[int]:
    """true for all, false for none, or the ports; raises ValueError."""
    if isinstance(value, frozenset):
        return value
    if isinstance(value, list | tuple):
        return frozenset(port(each) for each in value)
    try:
        return boolean(value)
    except ValueError:
        raise ValueError(f"expected true, false, or ports such as [2222], not {shown(value)}") from None


def profile(name: str) -> str:
    """The name of a profile, or * for all."""
    if not re.fullmatch(r"\*|[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}", name, re.ASCII):
        raise ValueError(f"{shown(name)} is not the name of a profile")
    return name


def inside(value: object) -> tuple[str, int]:
    """A service and a port in its container, of SERVICE:PORT."""
    if isinstance(value, tuple):
        return value
    found = re.fullmatch(r"([a-zA-Z0-9._-]{1,100}):([1-9][0-9]{0,4})", as_text(value), re.ASCII)
    if not found or int(found[2]) > 65535:
        raise ValueError(f"expected a service and its port inside, such as web:3000, not {shown(value)}")
    return found[1], int(found[2])


def log_limit(value: str) -> str:
    """The size of a log, as Docker takes it."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}[KMGkmg]|", value, re.ASCII):
        raise ValueError(f"expected a size such as 10M, not {shown(value)}")
    return value.lower()


def owner(value: object, mode: str = "0750") -> tuple[int, int, str]:
    """The user, group and mode of a folder, of UID, UID:GID, or UID:GID MODE."""
    if isinstance(value, tuple):
        return value
    found = re.fullmatch(OWNER, as_text(value), re.ASCII)
    if not found or max(int(found[1]), int(found[2] or 0)) > LARGEST_ID:
        raise ValueError(
            f"expected numbers of a user and group, such as 472 or 472:472 0700, not {shown(value)}"
        )
    return int(found[1]), int(found[2] or found[1]), found[3] or mode


def owner_of_file(value: object) -> tuple[int, int, str]:
    """The same of a file: what nobody but its user and group reads, and none of them changes."""
    return owner(value, "0440")


def secret_file(value: object) -> tuple[str, int, int, str]:
    """The secret whose value a file has, and its owner, of NAME, NAME UID:GID, or NAME UID:GID MODE."""
    if isinstance(value, tuple):
        return value
    name, _, said = as_text(value).partition(" ")
    return secret_name(name), *owner(said or "0", "0400")


Owner = Annotated[tuple[int, int, str], BeforeValidator(owner), schema(["string", "integer"])]
SecretFile = Annotated[tuple[str, int, int, str], BeforeValidator(secret_file), schema("string")]
Inside = Annotated[tuple[str, int], BeforeValidator(inside), schema("string", pattern="^[^:]+:[0-9]+$")]
LogLimit = Annotated[str, text(log_limit), schema("string", pattern="^([1-9][0-9]{0,5}[KMGkmg])?$")]
Profile = Annotated[str, text(profile), schema("string")]
PublicPorts = Annotated[
    bool | frozenset[int],
    BeforeValidator(public_ports),
    schema(["boolean", "array"], items={"type": "integer", "minimum": 1, "maximum": 65535}),
]

ComposeSecrets = Annotated[
    dict[SecretName, SecretSource],
    Field(
        alias="secrets",
        description="values for ${NAME} in the compose file: generate (made on the server once), "
        "env:NAME (from your environment when you apply), gpg:FILE or age:FILE (an encrypted file "
        "beside sites.yaml), cmd:COMMAND (what a command prints here)",
    ),
]
ComposeEnvironment = Annotated[
    dict[SecretName, EnvironmentValue],
    Field(description="values for ${NAME} in the compose file that are no secrets"),
]
Profiles = Annotated[
    tuple[Profile, ...], Field(description="profiles of the compose file whose services run, too")
]
Folders = Annotated[
    dict[RelativePath, Owner],
    Field(
        description="folders of its folder that a container writes to as another user: numbers of user and "
        "group, and a mode, such as {data: 472} or {data: 472:472 0700}",
    ),
]
LogsLimited = Annotated[
    LogLimit,
    Field(description="how large each of a container's three logs may grow; empty: as the file says"),
]
