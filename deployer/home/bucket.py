"""A bucket in any store that speaks S3: what is in it, what goes into it, and never a second time."""

import configparser
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deployer.backups.archives import Archive, parse
from deployer.config.home import S3
from deployer.errors import DeployError, UnreachableError, UsageError
from deployer.home.refusals import refusal
from deployer.home.store import Store
from deployer.home.unfinished import give_up, path_of
from deployer.home.upload import upload

SILENCE = 60  # seconds after which a store that says nothing counts as gone


class Bucket:
    """The archives in a bucket, below its prefix."""

    def __init__(self, s3: S3, silence: int = SILENCE) -> None:
        self.s3 = s3
        with told(s3):
            self.client = client(s3, silence)

    def archives(self) -> list[Archive]:
        """Every archive that is there."""
        prefix = self.key("")
        with told(self.s3):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.s3.bucket, Prefix=prefix
            )
            objects = [found for page in pages for found in page.get("Contents", ())]
            listed = [(str(found["Key"]), int(found["Size"])) for found in objects]
        every = (parse(key.removeprefix(prefix), size, "s3") for key, size in listed)
        return [archive for archive in every if archive]

    def put(self, store: Store, archive: Archive) -> None:
        """Upload an archive, and make sure that it arrived; what is there already stays as it is."""
        more = {"StorageClass": self.s3.storage_class} if self.s3.storage_class else {}
        with told(self.s3):
            upload(
                self.client,
                {"Bucket": self.s3.bucket, "Key": self.key(archive.path)},
                store.path(archive),
                store.proof(archive) or "",
                more,
                path_of(store, archive),
            )

    def give_up(self, store: Store, wanted: list[Archive]) -> None:
        """End what was begun of archives that are not to go there any more."""
        give_up(self.client, store, wanted)

    def remove(self, archive: Archive) -> None:
        """Delete an archive."""
        with told(self.s3):
            self.client.delete_object(Bucket=self.s3.bucket, Key=self.key(archive.path))

    @contextmanager
    def reading(self, archive: Archive) -> Iterator[tuple[Any, str]]:
        """A stream of an archive (with `read`), and the digest that it was uploaded with."""
        with told(self.s3):
            answer = self.client.get_object(Bucket=self.s3.bucket, Key=self.key(archive.path))
            yield answer["Body"], answer.get("Metadata", {}).get("sha256", "")

    def key(self, path: str) -> str:
        """The key of a path."""
        return f"{self.s3.prefix}/{path}" if self.s3.prefix else path


def client(s3: S3, silence: int) -> Any:
    """A client that every store understands: plain checksums, and the bucket in the path."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise UsageError(
            "S3 needs boto3, which is not installed", "pip install 'vps-deployer[s3]'"
        ) from error
    settings = Config(
        connect_timeout=min(10, silence),
        read_timeout=silence,
        retries={"mode": "standard", "max_attempts": 3},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if s3.endpoint else "auto"},
    )
    keys = credentials(Path(s3.credentials)) if s3.credentials else {}
    region = s3.region or ("us-east-1" if s3.endpoint else None)
    return boto3.Session(region_name=region, **keys).client("s3", endpoint_url=s3.endpoint, config=settings)


def credentials(path: Path) -> dict[str, str]:
    """The keys in a file like ~/.aws/credentials, which only its owner may read."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        mode = path.stat().st_mode
        parser.read_string(path.read_text())
        keys = {name: parser["default"][name] for name in ("aws_access_key_id", "aws_secret_access_key")}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "It is home.s3.credentials") from error
    except (configparser.Error, KeyError, UnicodeError) as error:
        wanted = "[default]\naws_access_key_id = …\naws_secret_access_key = …"
        raise UsageError(f"{path} has no keys for S3", f"It is a file like this:\n{wanted}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise UsageError(f"{path} can be read by others", f"chmod 600 {path}")
    return keys


@contextmanager
def told(s3: S3) -> Iterator[None]:
    """Turn what boto3 raises into a message."""
    from botocore.exceptions import BotoCoreError, ClientError

    where = f"S3 ({s3.endpoint or 'Amazon'})"
    try:
        yield
    except ClientError as error:
        words, advice = refusal(error.response.get("Error", {}), error.operation_name, s3.bucket)
        raise DeployError(f"{where}: {words}", advice) from error
    except BotoCoreError as error:
        name, reason = type(error).__name__, " ".join(str(error).split())[:200]
        if name in ("NoCredentialsError", "PartialCredentialsError"):
            raise UsageError(
                f"{where}: there are no credentials",
                "Name a file in home.s3.credentials, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ) from error
        if name == "ResponseParserError":
            raise DeployError(f"{where}: what it answers is not S3", "Is home.s3.endpoint right?") from error
        raise UnreachableError(
            f"{where} cannot be reached: {reason}", "Is home.s3.endpoint right?"
        ) from error
