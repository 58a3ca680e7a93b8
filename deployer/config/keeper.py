"""Who keeps a zone, and by what they let one in: `dns.zones` of sites.yaml."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from deployer.values.names import environment_value
from deployer.values.quantities import shown
from deployer.values.secrets import Generated, Given, Secret
from deployer.values.section import Section
from deployer.values.types import (
    SCALAR,
    LocalPath,
    SecretSource,
    Url,
    as_text,
    schema,
    text,
    validate_secret,
)


def zone_id(value: str) -> str:
    """The id of a zone, which stands in addresses."""
    if not value.isascii() or not value.isalnum() or len(value) > 64:
        raise ValueError(f"{shown(value)} is not the id of a zone")
    return value


def lexicon_word(value: str) -> str:
    """The name of a provider or of an option of lexicon, which is that of a module there."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value, re.ASCII):
        raise ValueError(f"{shown(value)} is no name of lexicon's: a-z, 0-9 and _")
    return value


def made_elsewhere(token: Secret) -> Secret:
    """A token, which the provider makes."""
    if isinstance(token, Generated):
        raise ValueError("the provider makes this token: hand it over as env:NAME or gpg:FILE")
    return token


def trusted(endpoint: str) -> str:
    """An address to which a token may go."""
    if not endpoint.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError("the token goes there: write an address that begins with https://")
    return endpoint


SECRET = re.compile(r"(^|_)(secret|pass|password|psw|phrase|token|key|content|info|2fa)$")
"""How lexicon calls what nobody else may know."""


def is_secret(option: str) -> bool:
    """Whether the value of an option of this name is a secret."""
    return bool(SECRET.search(option))


def option_value(value: object, info: ValidationInfo) -> Secret:
    """Where the value of an option comes from: the file itself, for what is no secret."""
    written = as_text(value)
    elsewhere = written.startswith(("env:", "gpg:", "age:", "cmd:"))
    return validate_secret(written, info) if elsewhere else Given(environment_value(written))


Token = Annotated[SecretSource, AfterValidator(made_elsewhere)]
Endpoint = Annotated[Url, AfterValidator(trusted)]
ZoneId = Annotated[str, text(zone_id), schema("string")]
Service = Annotated[str, text(lexicon_word), schema("string")]
OptionValue = Annotated[Secret, BeforeValidator(option_value), schema([*SCALAR, "boolean"])]
OptionName = Annotated[str, text(lexicon_word), schema("string")]

RENEWAL = (
    "token that stands on the server, for the zone alone, and proves names there: `certificate: {dns: true}`"
)

SHIELD = (
    "token that stands on the server, for the zone alone, and turns shields on there: keys with `shield:`, "
    "`shield: auto`"
)


class Keeper(Section):
    """A zone with another provider or token than the others, or one of two with its name."""

    provider: Literal["cloudflare", "hetzner", "lexicon", "command"] = Field(
        description="who keeps it: cloudflare, hetzner, lexicon with a service, or command, your program"
    )
    service: Service | None = Field(
        None, description="provider as the library lexicon calls it, such as desec or gandi: provider lexicon"
    )
    options: dict[OptionName, OptionValue] = Field(
        {},
        description="what it needs beside the token, by lexicon's names, such as auth_username; what is a "
        "secret as env:NAME or gpg:FILE",
    )
    token_is: OptionName = Field("auth_token", description="what lexicon calls the token there")
    token: Token | None = Field(
        None, description="token that may change its records: env:NAME or gpg:FILE; only a command needs none"
    )
    program: LocalPath | None = Field(
        None, description="program that reads and writes the zone: provider command"
    )
    renewal: Token | None = Field(None, description=RENEWAL)
    shield: Token | None = Field(None, description=SHIELD)
    endpoint: Endpoint | None = Field(None, description="address of the provider's API, if it is another one")
    id: ZoneId | None = Field(
        None, description="the provider's id of the zone, where its token sees two of this name"
    )

    @model_validator(mode="after")
    def be_reachable(self) -> "Keeper":
        """A command has a program, all others have a token."""
        if (self.provider == "command") != (self.program is not None):
            raise ValueError("a program: belongs to provider: command, which needs one")
        if (self.provider == "lexicon") != (self.service is not None):
            raise ValueError("a service: belongs to provider: lexicon, which needs one, such as desec")
        if self.provider != "lexicon" and self.options:
            raise ValueError("options: are for provider: lexicon")
        if self.provider != "command" and self.token is None:
            raise ValueError("'token' is missing (token that may change its records: env:NAME or gpg:FILE)")
        for name, value in self.options.items():
            if is_secret(name) and isinstance(value, Given):
                raise ValueError(
                    f"{name}: expected env:NAME or gpg:FILE: a secret itself does not belong in sites.yaml"
                )
        return self
