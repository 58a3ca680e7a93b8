"""Monitors elsewhere that sites.yaml keeps: the file of a Gatus, the monitors of an Uptime Kuma."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from deployer.config.watch import FromEnvironment, Words
from deployer.values.names import HOST
from deployer.values.quantities import shown
from deployer.values.secrets import Generated, Secret
from deployer.values.section import Section
from deployer.values.types import (
    Boolean,
    Domain,
    SecretSource,
    TimeLimit,
    Url,
    as_text,
    schema,
    text,
    validate_path,
    written,
)


def made_elsewhere(secret: Secret) -> Secret:
    """A secret that is one there already."""
    if isinstance(secret, Generated):
        raise ValueError("Uptime Kuma has this already: hand it over as env:NAME or gpg:FILE")
    return secret


ELSEWHERE = re.compile(rf"(?![A-Za-z]:)(?:[a-z_][a-z0-9_-]*@)?{HOST}:(?P<path>/[^/].*)", re.ASCII)
"""A file of another machine as scp has it; a single letter would be that of a disk here."""


def gatus_file(value: object, info: ValidationInfo) -> str:
    """A file of this machine, or of another that is reached by SSH: [USER@]HOST:/PATH, as scp has it."""
    path = as_text(value)
    if not ELSEWHERE.fullmatch(path):
        return validate_path(value, info)
    if not path.isprintable():
        raise ValueError("expected a path in one line")
    return path


def user_name(value: str) -> str:
    """Somebody who logs in to Uptime Kuma."""
    if not value.strip() or len(value) > 150 or not value.isprintable():
        raise ValueError(f"{shown(value)} is no user of Uptime Kuma: a name in one line")
    return value


GatusFile = Annotated[str, BeforeValidator(gatus_file), schema("string")]
Known = Annotated[SecretSource, AfterValidator(made_elsewhere)]
Login = Annotated[str, text(user_name), schema("string")]


class GatusNtfy(Section):
    """How Gatus tells what has failed, by ntfy."""

    topic: FromEnvironment = Field(description="topic, as env:NAME of Gatus' own environment")
    url: Url = Field("https://ntfy.sh", description="the ntfy server")
    token: FromEnvironment | None = Field(
        None, description="access token for that topic, where it wants one, as env:NAME of Gatus' environment"
    )


class Gatus(Section):
    """A Gatus at home: its file is written, and it is told of heartbeats."""

    file: GatusFile | None = Field(
        None,
        description="the file to write, of a folder that Gatus reads one for us alone: on this machine, or "
        "HOST:/PATH or USER@HOST:/PATH by SSH",
    )
    url: Url | None = Field(None, description="where Gatus answers: deploy watch sends heartbeats there")
    token: FromEnvironment | None = Field(
        None,
        description="token of heartbeats, as env:NAME here and in Gatus' environment; without it, none",
    )
    ntfy: GatusNtfy | None = Field(None, description="how Gatus tells what has failed")

    @model_validator(mode="after")
    def be_of_use(self) -> "Gatus":
        """It is written, or told, or both."""
        if self.file is None and self.url is None:
            raise ValueError("write its file:, the url: at which it answers, or both")
        if self.url and self.token is None:
            raise ValueError("'token' is missing (token of heartbeats, as env:NAME)")
        return self


class UptimeKuma(Section):
    """An Uptime Kuma 2: it has one monitor for each site, service and backup."""

    url: Url = Field(description="where Uptime Kuma answers")
    user: Login | None = Field(None, description="user of Uptime Kuma")
    password: Known | None = Field(None, description="that user's password: env:NAME or gpg:FILE")
    token: Known | None = Field(
        None,
        description="token of a login, where user and password want a second factor: then it alone counts",
    )

    @model_validator(mode="after")
    def be_let_in(self) -> "UptimeKuma":
        """There is one way in."""
        if self.token is None and not (self.user and self.password):
            raise ValueError("write user: and password:, or a token:")
        return self


class Monitoring(Section):
    """Monitors elsewhere, which come from sites.yaml like everything else."""

    every: TimeLimit = Field(written("1m"), description="how often sites are asked, 20s at least")
    slow: TimeLimit = Field(written("10s"), description="an answer that takes longer is no answer")
    words: dict[Domain, Words] = Field(
        {}, description="by the domain of a site, what must stand on its page; beside those of `watch.words`"
    )
    ignore: tuple[Domain, ...] = Field(
        (), description="domains of sites that have no monitor, such as those of your network alone"
    )
    heartbeats: Boolean = Field(
        True,
        description="monitors of services, backups, updates and the watch itself, which deploy watch tells "
        "how they are; false leaves them out",
    )
    gatus: Gatus | None = Field(None, description="a Gatus at home, which is written and told")
    uptime_kuma: UptimeKuma | None = Field(None, description="an Uptime Kuma 2, whose monitors are kept")

    @model_validator(mode="after")
    def be_kept(self) -> "Monitoring":
        """Somebody watches, and not more often than that can."""
        if not (self.gatus or self.uptime_kuma):
            raise ValueError("write who watches: gatus: or uptime_kuma:")
        if self.every < 20:
            raise ValueError(
                "every: Uptime Kuma asks every 20 s at most"
                if self.uptime_kuma
                else "every: expected 20s or more"
            )
        if self.slow >= self.every:
            raise ValueError("slow: must be less than every")
        return self
