"""One file into a bucket, in parts, each proved to have arrived, and only where nothing is yet."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deployer.errors import DeployError
from deployer.home.unfinished import Unfinished, resumed
from deployer.waiting import counted, waiting

PART = 16 << 20  # bytes
MOST_PARTS = 10_000
UNKNOWN = ("NotImplemented", "501", "InvalidArgument", "InvalidRequest")


def upload(
    client: Any, target: dict[str, str], path: Path, digest: str, more: dict[str, Any], begun: Path
) -> None:
    """Upload the file as this key; raises DeployError when it is there already or did not arrive whole.

    `begun` is where an upload in parts is written down, until it is done: the next one goes on from there.
    """
    key = target["Key"]
    more = {**more, "Metadata": {"sha256": digest}, "ContentType": "application/octet-stream"}
    size = path.stat().st_size
    if exists(client, target):
        raise DeployError(f"S3: {key} is there already, and nothing is ever overwritten")
    if size <= PART:
        tag = at_once(client, target, path.read_bytes(), digest, more)
    else:
        wanted = Unfinished("", target["Bucket"], key, digest, max(PART, -(-size // MOST_PARTS)))
        tag = in_parts(client, target, path, resumed(client, begun, wanted) or wanted, more, begun)
    there = client.head_object(**target)
    if there["ContentLength"] != size or not (
        same(there["ETag"], tag) or read_back(client, target) == digest
    ):
        raise DeployError(
            f"S3: {key} did not arrive as it was sent", "Delete it there; the next pull sends it anew"
        )


def exists(client: Any, target: dict[str, str]) -> bool:
    """Whether something has this key."""
    from botocore.exceptions import ClientError

    try:
        client.head_object(**target)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def at_once(client: Any, target: dict[str, str], data: bytes, digest: str, more: dict[str, Any]) -> str:
    """Upload a small file; the tag that it must have."""
    if hashlib.sha256(data).hexdigest() != digest:
        raise damaged(target)
    only_new(client.put_object, **target, Body=data, ContentMD5=md5(data), **more)
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def in_parts(
    client: Any, target: dict[str, str], path: Path, state: Unfinished, more: dict[str, Any], begun: Path
) -> str:
    """Upload a large file, or the parts of it that are not there yet; the tag that it must have."""
    if not state.upload:
        abandon(client, target)
        state.upload = client.create_multipart_upload(**target, **more)["UploadId"]
        state.write(begun)
    whole, sums = hashlib.sha256(), []
    with waiting(f"S3: {path.name}") as wait:
        for number, data in enumerate(counted(pieces(path, state.part), wait, path.stat().st_size), 1):
            whole.update(data)
            sums.append(hashlib.md5(data, usedforsecurity=False).digest())
            if str(number) not in state.tags:
                answer = client.upload_part(
                    **target, UploadId=state.upload, PartNumber=number, Body=data, ContentMD5=md5(data)
                )
                state.tags[str(number)] = answer["ETag"]
                state.write(begun)
    if whole.hexdigest() != state.digest:
        abandon(client, target)
        begun.unlink()
        raise damaged(target)
    parts = [{"PartNumber": number, "ETag": state.tags[str(number)]} for number in range(1, len(sums) + 1)]
    upload = {"UploadId": state.upload, "MultipartUpload": {"Parts": parts}}
    only_new(client.complete_multipart_upload, **target, **upload)
    begun.unlink()
    return f"{hashlib.md5(b''.join(sums), usedforsecurity=False).hexdigest()}-{len(sums)}"


def damaged(target: dict[str, str]) -> DeployError:
    """That the file at home is not the archive that came."""
    return DeployError(
        f"S3: {target['Key']} was not sent: the copy here is not what it was when it came",
        "Look at the disk. Delete that copy, and the next pull brings it anew, if the server still has it",
    )


def only_new(call: Any, **arguments: Any) -> None:
    """Call on condition that nothing has the key yet, or without where the store knows no conditions."""
    from botocore.exceptions import ClientError

    try:
        call(**arguments, IfNoneMatch="*")
    except ClientError as error:
        code = error.response["Error"].get("Code")
        if code == "PreconditionFailed":
            raise DeployError(
                f"S3: {arguments['Key']} is there already, and nothing is ever overwritten"
            ) from error
        if code not in UNKNOWN:
            raise
        call(**arguments)


def abandon(client: Any, target: dict[str, str]) -> None:
    """End whatever else was begun of the same key: it would be paid for."""
    from botocore.exceptions import ClientError

    key = target["Key"]
    try:
        uploads = client.list_multipart_uploads(Bucket=target["Bucket"], Prefix=key).get("Uploads", ())
        for begun in uploads:
            if begun["Key"] == key:
                client.abort_multipart_upload(**target, UploadId=begun["UploadId"])
    except ClientError:
        return  # a store that cannot list them, or a key that may not


def pieces(path: Path, size: int) -> Iterator[bytes]:
    """The content of a file in pieces."""
    with path.open("rb") as file:
        while data := file.read(size):
            yield data


def read_back(client: Any, target: dict[str, str]) -> str:
    """The digest of what the store has, for stores whose tags are no MD5 sums."""
    found = hashlib.sha256()
    for data in client.get_object(**target)["Body"].iter_chunks(1 << 20):
        found.update(data)
    return found.hexdigest()


def md5(data: bytes) -> str:
    """The checksum that goes along with data, so that the store itself refuses what was spoilt on the way."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def same(tag: str, wanted: str) -> bool:
    """Whether a store's tag is this one."""
    return tag.strip('"').lower() == wanted
