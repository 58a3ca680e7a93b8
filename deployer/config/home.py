"""The home server: where the backups are brought to, and where they go from there."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from deployer.config import storage
from deployer.values.keep import Keep
from deployer.values.quantities import whole_number
from deployer.values.section import Section
from deployer.values.types import ClockTime, LocalPath, Url, User, schema, text

SecretAddress = Annotated[
    str, text(storage.secret_address), schema("string", pattern="^(https?://.+|env:[A-Za-z_][A-Za-z0-9_]*)$")
]
Bucket = Annotated[str, text(storage.bucket), schema("string", pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
KeyPrefix = Annotated[str, text(storage.key_prefix), schema("string")]
Region = Annotated[str, text(storage.region), schema("string", pattern="^[A-Za-z0-9-]+$")]
Days = Annotated[int, BeforeValidator(whole_number(1, 1000)), schema("integer", minimum=1, maximum=1000)]
ArchiveName = Annotated[str, text(storage.archive_name), schema("string")]
StorageClass = Annotated[str, text(storage.storage_class), schema("string", pattern="^[A-Z0-9_]+$")]


class Notify(Section):
    """Who is told how a pull went; each address is a secret: itself, or env:NAME."""

    ntfy: SecretAddress | None = Field(
        None, description="address of the ntfy topic that gets a message when a pull fails"
    )
    uptime_kuma: SecretAddress | None = Field(
        None, description="address of an Uptime Kuma push monitor, told that it is up or down"
    )
    healthchecks: SecretAddress | None = Field(
        None, description="ping address of healthchecks.io or the like: start, success and failure"
    )


class S3(Section):
    """A bucket, in any store that speaks S3, that gets every archive which comes home."""

    bucket: Bucket = Field(description="name of the bucket, which must be there")
    endpoint: Url | None = Field(None, description="address of the store; without it, Amazon's")
    region: Region | None = Field(None, description="region of the bucket")
    prefix: KeyPrefix = Field("", description="what the keys of the archives begin with")
    storage_class: StorageClass | None = Field(None, description="storage class, such as STANDARD_IA")
    credentials: LocalPath | None = Field(
        None, description="file like ~/.aws/credentials that only you can read; without it, the environment"
    )
    keep: Keep | None = Field(None, description="how many archives stay; without it, none is ever deleted")


class Home(Section):
    """The home server: deploy backup --pull brings the archives here."""

    directory: LocalPath = Field(
        description="folder for the archives, which must be there, and have been marked: deploy backup --init"
    )
    keep: Keep = Field(Keep(daily=14, weekly=8, monthly=24), description="how many archives stay at home")
    user: User = Field("deploy", description="user on the server whose key can only read backups")
    key: LocalPath | None = Field(
        None, description="private key that can only read backups; without it, server.key or SSH's own choice"
    )
    at: ClockTime = Field("00:00", description="time of day of the pull, in the time zone of the home server")
    verify: Literal["never", "daily", "weekly", "monthly"] = Field(
        "weekly",
        description="how often the newest archives are decrypted and read: never, daily, weekly, monthly",
    )
    reread: Days = Field(
        30, description="days in which each archive at home is read again, a share each night, for damage"
    )
    retired: tuple[ArchiveName, ...] = Field(
        (),
        description="names that are backed up no more: what there is of them stays, and no more is awaited",
    )
    notify: Notify = Field(Notify(), description="who is told how a pull went")
    s3: S3 | None = Field(None, description="a bucket that gets every archive which comes home")
