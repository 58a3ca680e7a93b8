"""What sites.yaml says of a registry of images that wants a login."""

import re
from typing import Annotated

from pydantic import Field, field_validator

from deployer.values.names import LABEL, variable_name
from deployer.values.quantities import Plain, shown, whole_number
from deployer.values.secrets import Generated, Secret
from deployer.values.section import Section
from deployer.values.types import SCALAR, SecretSource, schema, text

HUB = "docker.io"
ALSO_HUB = frozenset({"hub.docker.com", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


def registry(value: str) -> str:
    """A registry as images name it: its host, and its port where it has one."""
    if value in ALSO_HUB:
        raise ValueError(f"images of Docker Hub are from {HUB}: write that instead of {value}")
    host, colon, port = value.partition(":")
    if len(host) > 230 or not all(map(LABEL.fullmatch, host.split("."))) or (colon and not is_port(port)):
        raise ValueError(
            f"{shown(value)} is not a registry as images name it: its host in lower case, and its port where "
            "it has one, such as ghcr.io or registry.example.org:5000"
        )
    if "." not in host and not colon and host != "localhost":
        raise ValueError(f"Docker takes {value}/… for images of Docker Hub: a registry has a dot or a port")
    return value


def is_port(value: str) -> bool:
    """Whether it is the number of a port."""
    try:
        return bool(whole_number(1, 65535)(Plain(value)))
    except ValueError:
        return False


def registry_user(value: str) -> str:
    """Who logs in to a registry: a user, a robot, or what stands for a token."""
    if not re.fullmatch(r"[A-Za-z0-9_$][A-Za-z0-9_.@$+-]{0,127}", value, re.ASCII):
        raise ValueError(f"{shown(value)} is not the name of a user of a registry")
    return value


RegistryName = Annotated[str, text(registry), schema("string", pattern="^[a-z0-9][a-z0-9.:-]*$")]
RegistryUser = Annotated[
    str, text(registry_user), schema(SCALAR, pattern="^[A-Za-z0-9_$][A-Za-z0-9_.@$+-]*$")
]


class Registry(Section):
    """Who may pull images from a registry that does not give them to everyone."""

    user: RegistryUser = Field(description="user of the registry, or what it says stands for a token")
    password: SecretSource = Field(
        description="that user's password, or a token that may read: env:NAME or gpg:FILE"
    )

    @field_validator("password")
    @classmethod
    def come_from_there(cls, password: Secret) -> Secret:
        """The registry knows it already."""
        if isinstance(password, Generated):
            raise ValueError("the registry has this password: hand it over as env:NAME or gpg:FILE")
        return password


def password_name(name: str) -> str:
    """What the password for a registry is called on the server; two never share one."""
    host, _, port = name.partition(":")
    return f"REGISTRY_{variable_name(host)}{port and f'___{port}'}"
