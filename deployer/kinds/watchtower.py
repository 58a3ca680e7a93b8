"""Watchtower: updates the images of all containers."""

from typing import ClassVar, Literal

from pydantic import Field

from deployer.kinds.service import Service
from deployer.values.quantities import duration_text
from deployer.values.secrets import Secret
from deployer.values.types import Boolean, ClockTime, Duration, ImageTag, MemoryLimit, SecretSource, written


class Watchtower(Service):
    """Watchtower, which updates the images of all containers and never goes back; `updates:` is safer."""

    image: ClassVar[str] = "nickfedor/watchtower"

    kind: Literal["watchtower"] = Field(description="what this is")
    at: ClockTime = Field("04:00", description="time of day, in the time zone of the server")
    cooldown: Duration = Field(
        written("3d"), description="how old an image must be: bad releases are found out by then"
    )
    only_tell: Boolean = Field(False, description="true updates nothing and only notifies")
    notification: SecretSource | None = Field(
        None, description="Shoutrrr address that gets the outcome: env:NAME or gpg:FILE"
    )
    tag: ImageTag = Field("1", description="tag of the image; the default is one major version")
    memory: MemoryLimit = Field(written("64M"), description="how much memory it may use")

    @property
    def delay(self) -> str:
        """The cooldown as it reads it."""
        return duration_text(self.cooldown)

    @property
    def schedule(self) -> str:
        """The time of day for its cron, which begins with seconds."""
        hour, minute = self.at.split(":")
        return f"0 {int(minute)} {int(hour)} * * *"

    def secrets(self) -> dict[str, Secret]:
        """Where it notifies, for such addresses have passwords."""
        return {"NOTIFICATION_URL": self.notification} if self.notification else {}

    def remarks(self) -> tuple[str, ...]:
        """What it may do."""
        return ("it controls Docker, and does not go back to the old image when a new one is broken",)
