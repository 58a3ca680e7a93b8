"""What sites.yaml says of a mirror: another Git host that gets all of a Gitea's repositories, or some."""

import re
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from deployer.values.quantities import shown
from deployer.values.secrets import Generated, Secret
from deployer.values.section import Section
from deployer.values.types import Boolean, Duration, SecretSource, Url, schema, text, written

FOLDER = "/etc/deploy/mirrors"
"""Where the server has what each Gitea mirrors."""
HOSTS = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.com",
    "codeberg": "https://codeberg.org",
}
"""Those whose address need not be written, by the names of their mirrors."""
SHORTEST = 600
"""Gitea takes no shorter interval, by its own default."""
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+")


def mirror_name(value: str) -> str:
    """What a mirror is called, also in the name of its secret."""
    if not NAME.fullmatch(value) or len(value) > 40:
        raise ValueError(f"{shown(value)} is not a name for a mirror: a-z, 0-9 and -, such as github")
    return value


def remote_owner(value: str) -> str:
    """A user, an organisation or a group of the other side."""
    if not OWNER.fullmatch(value) or len(value) > 200:
        raise ValueError(f"{shown(value)} is not the name of a user, an organisation or a group")
    return value


def own_repository(value: str) -> str:
    """A repository of this Gitea: OWNER/NAME."""
    if not REPOSITORY.fullmatch(value) or len(value) > 200:
        raise ValueError(f"{shown(value)} is not a repository of this site: OWNER/NAME")
    return value


MirrorName = Annotated[str, text(mirror_name), schema("string", pattern="^[a-z][a-z0-9-]*$")]
RemoteOwner = Annotated[str, text(remote_owner), schema("string", pattern="^[A-Za-z0-9_][A-Za-z0-9_./-]*$")]
OwnRepository = Annotated[
    str, text(own_repository), schema("string", pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+$")
]


class Mirror(Section):
    """Where repositories are pushed to, again after each push to them; each has to be there already."""

    owner: RemoteOwner = Field(description="user, organisation or group there that has the repositories")
    token: SecretSource = Field(description="token with the right to push there: env:NAME or gpg:FILE")
    user: RemoteOwner | None = Field(None, description="user there whose token it is; default: owner")
    address: Url | None = Field(
        None, description="address of the other side; github, gitlab and codeberg are known by their names"
    )
    repositories: tuple[OwnRepository, ...] = Field(
        (), description="those that are mirrored, as OWNER/NAME; default: all"
    )
    interval: Duration = Field(
        written("8h"), description="how often it is pushed besides; 0: only after a push"
    )
    on_push: Boolean = Field(True, description="whether it follows each push")
    local: Boolean = Field(
        False,
        description="whether the other side has a private address; users of this site may then fetch "
        "from private addresses, too",
    )

    @field_validator("token")
    @classmethod
    def come_from_there(cls, token: Secret) -> Secret:
        """The other side makes it."""
        if isinstance(token, Generated):
            raise ValueError("the other side makes this token: hand it over as env:NAME or gpg:FILE")
        return token

    @field_validator("interval")
    @classmethod
    def be_taken(cls, interval: int) -> int:
        """Gitea refuses what is shorter."""
        if 0 < interval < SHORTEST:
            raise ValueError("Gitea takes no interval below 10m (0: only after a push)")
        return interval

    @model_validator(mode="after")
    def ever_push(self) -> "Mirror":
        """Something has to begin it."""
        if not self.interval and not self.on_push:
            raise ValueError("with interval: 0 and on_push: false it would never be pushed")
        return self


def with_addresses(value: Any) -> Any:
    """Mirrors by their names, each with the address of its host, where that is known."""
    if not isinstance(value, dict):
        return value
    found = {}
    for name, mirror in value.items():
        if isinstance(mirror, dict) and name in HOSTS and mirror.get("address") is None:
            mirror = {**mirror, "address": HOSTS[name]}
        elif isinstance(mirror, dict) and mirror.get("address") is None:
            known = ", ".join(HOSTS)
            raise ValueError(f"{name}: write its address: only those of {known} are known")
        found[name] = mirror
    return found


def variable(name: str) -> str:
    """The name of a mirror's token among the secrets of its site."""
    return f"MIRROR_{name.replace('-', '_').upper()}_TOKEN"
