"""What is known here of an upload in parts that is not done: it goes on from there."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from deployer.backups.archives import Archive
from deployer.home.store import Store


@dataclass
class Unfinished:
    """An upload of what has the digest, in parts of so many bytes; the tags of those that are there."""

    upload: str
    bucket: str
    key: str
    digest: str
    part: int
    tags: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it down, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.write_text(json.dumps(asdict(self), indent=1))
        new.replace(path)


def path_of(store: Store, archive: Archive) -> Path:
    """Where it is written down."""
    return store.state / "uploads" / f"{archive.path}.json"


def read_unfinished(path: Path) -> Unfinished | None:
    """What was written down, if it can be read."""
    try:
        return Unfinished(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def resumed(client: Any, path: Path, wanted: Unfinished) -> Unfinished | None:
    """The upload that was begun, with the parts that the store still has; None where there is none."""
    from botocore.exceptions import ClientError

    begun = read_unfinished(path)
    if begun is None or replace(begun, upload="", tags={}) != wanted:
        return None
    there: dict[str, str] = {}
    try:
        pages = client.get_paginator("list_parts").paginate(
            Bucket=begun.bucket, Key=begun.key, UploadId=begun.upload
        )
        for page in pages:
            there |= {str(part["PartNumber"]): part["ETag"] for part in page.get("Parts", ())}
    except ClientError:
        return None  # the store knows it no more, or cannot list parts
    begun.tags = {number: tag for number, tag in begun.tags.items() if there.get(number) == tag}
    return begun


def give_up(client: Any, store: Store, wanted: list[Archive]) -> None:
    """End the uploads of what is not to go there any more: they would be paid for."""
    from botocore.exceptions import BotoCoreError, ClientError

    keep = {path_of(store, archive) for archive in wanted}
    for path in (store.state / "uploads").glob("*/*.json"):
        if path not in keep:
            if begun := read_unfinished(path):
                with suppress(
                    BotoCoreError, ClientError
                ):  # it is gone already, or what is wrong is told elsewhere
                    client.abort_multipart_upload(Bucket=begun.bucket, Key=begun.key, UploadId=begun.upload)
            path.unlink()
