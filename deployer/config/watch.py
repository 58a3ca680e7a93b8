"""The watch: what the home server asks again and again, and who is told."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from deployer.config import storage
from deployer.config.home import SecretAddress
from deployer.values.quantities import duration
from deployer.values.section import Section
from deployer.values.types import Domain, Email, schema, text

MINUTE, HOUR = 60, 3600


def every(value: object) -> int:
    """Whole minutes by which an hour can be divided, in seconds: cron knows no others."""
    seconds = duration(value)
    if not (MINUTE <= seconds <= HOUR and HOUR % seconds == 0 and seconds % MINUTE == 0):
        raise ValueError("expected minutes that an hour can be divided by, such as 5m, 15m or 1h")
    return seconds


Every = Annotated[int, BeforeValidator(every), schema("string", pattern="^[0-9]{1,4}[smh]$")]
FromEnvironment = Annotated[
    str, text(storage.from_environment), schema("string", pattern="^env:[A-Za-z_][A-Za-z0-9_]*$")
]
MailServer = Annotated[str, text(storage.mail_server), schema("string", pattern="^smtps?://[^/?#@]+$")]
Words = Annotated[str, text(storage.words), schema(["string", "number"])]
Channel = Annotated[str, text(storage.channel), schema("string")]


class Mail(Section):
    """How a message goes by e-mail: by a mail server, or by this machine's own sendmail."""

    to: Email = Field(description="who gets it")
    sender: Email | None = Field(None, alias="from", description="whom it is from; without it, `to`")
    server: MailServer | None = Field(
        None, description="such as smtps://mail.example.org; without it, this machine's own sendmail"
    )
    user: str | None = Field(None, description="user of the mail server, where it wants one")
    password: FromEnvironment | None = Field(None, description="that user's password, as env:NAME")

    @model_validator(mode="after")
    def password_with_user(self) -> "Mail":
        """One is worth nothing without the other."""
        if bool(self.user) != bool(self.password) or (self.user and not self.server):
            raise ValueError("`user` and `password` go together, and with `server`")
        return self


class Channels(Section):
    """Who is told what has changed; an address is a secret: itself, or env:NAME."""

    ntfy: SecretAddress | None = Field(None, description="address of the ntfy topic that gets the messages")
    ntfy_token: FromEnvironment | None = Field(
        None, description="access token for that topic, as env:NAME, where it wants one"
    )
    url: SecretAddress | None = Field(
        None, description="address that gets each message as the body of a POST"
    )
    email: Mail | None = Field(None, description="who gets the messages by e-mail")
    apprise: tuple[Channel, ...] = Field(
        (), description="addresses of Apprise (vps-deployer[apprise]), each itself or env:NAME"
    )


class Watch(Section):
    """What the home server asks again and again: deploy watch."""

    every: Every = Field(
        "5m", validate_default=True, description="how often: minutes that an hour can be divided by"
    )
    notify: Channels = Field(Channels(), description="who is told what has changed")
    heartbeat: SecretAddress | None = Field(
        None,
        description="address that is asked for after each round: healthchecks.io or the like, or a push "
        "monitor of Uptime Kuma, which tells when that stays away",
    )
    words: dict[Domain, Words] = Field(
        {}, description="by the domain of a site, what must stand on its page as visitors get it"
    )
    ignore: tuple[Domain, ...] = Field(
        (), description="domains that are not asked for from outside, such as those of your network alone"
    )
