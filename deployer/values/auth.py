"""Who may see a site: users with a password, for all of it or for what is below some paths."""

import re
from typing import Annotated

from pydantic import Field, model_validator

from deployer.values.names import variable_name
from deployer.values.paths import pattern
from deployer.values.quantities import shown
from deployer.values.section import Section
from deployer.values.types import SCALAR, SecretSource, schema, text


def user(name: str) -> str:
    """A name that a visitor logs in with."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,40}", name, re.ASCII):
        raise ValueError(f"{shown(name)} is not the name of a user: letters, digits and _")
    return name


def private(path: str) -> str:
    """A path that wants a password: of ASCII alone, since NGINX compares it as it is decoded."""
    if "%" in pattern(path):
        raise ValueError(f"{shown(path)} has letters that cannot be compared: name a folder around it")
    return pattern(path)


UserName = Annotated[str, text(user), schema(SCALAR, pattern="^[A-Za-z0-9_]+$")]
PrivatePath = Annotated[str, text(private), schema("string", pattern="^/")]


class Auth(Section):
    """Visitors are asked for a name and a password."""

    users: dict[UserName, SecretSource] = Field(
        description="passwords by the names of users: generate, env:NAME or gpg:FILE"
    )
    paths: tuple[PrivatePath, ...] = Field(
        (), description="paths that want them, such as /drafts/*; without it, all of the site"
    )

    @model_validator(mode="after")
    def lets_somebody_in(self) -> "Auth":
        """Nobody else would come in again."""
        if not self.users:
            raise ValueError("users: names nobody who may come in")
        return self


def password_name(domain: str, name: str) -> str:
    """What the password of a user is called on the server; two never share one."""
    return f"VISITOR_{len(name)}_{name}_{variable_name(domain)}"
