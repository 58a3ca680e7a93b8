"""What sites.yaml says of how a site is built, looked over and made smaller."""

from typing import Literal

from pydantic import Field

from deployer.values.section import Section
from deployer.values.types import Boolean, DiskLimit, MemoryLimit, Percent, TimeLimit, written


class Limits(Section):
    """What a build may use before it is stopped."""

    time: TimeLimit = Field(written("10m"), description="how long a build may take")
    memory: MemoryLimit = Field(written("2G"), description="how much memory a build may use")
    disk: DiskLimit = Field(
        written("5G"), description="how much of the disk a build may use, its caches included"
    )


class Gate(Section):
    """What is looked at before a build goes live."""

    links: Literal["warn", "error", "off"] = Field(
        "warn", description="broken internal links and images: warn, error (do not publish) or off"
    )
    shrink: Percent = Field(
        50, description="refuse a build that lost more than this percentage of its pages or bytes"
    )


class Images(Section):
    """How images get their smaller copies."""

    webp: Boolean = Field(True, description="put a WebP copy beside each PNG and JPEG that gains by it")
    avif: Boolean = Field(
        False, description="put an AVIF copy beside each JPEG, too, where it is smaller still; takes longer"
    )
    quality: Percent = Field(82, description="quality of copies of JPEG photos; PNG stays lossless")
