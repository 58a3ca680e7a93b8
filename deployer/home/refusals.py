"""What a store answers when it refuses → words and advice (pure); `{bucket}` and `{region}` are filled in."""

import re
from collections.abc import Mapping
from typing import Any

Refusal = tuple[str, str]

NO_BUCKET = ("there is no bucket {bucket}", "Make it in the store, or correct home.s3.bucket")
DENIED = ("it refuses: access denied", "May this key list, read and write in the bucket {bucket}?")
REGION = ("the bucket is in another region: {region}", "Set it: home: {{s3: {{region: {region}}}}}")
FULL = ("there is no room left in it", "Raise its quota, or lower home.s3.keep so that old archives go there")
KEPT = (
    "it does not let this archive be deleted",
    "Object Lock or a retention holds it until its time has passed, or this key may not delete. Without "
    "home.s3.keep nothing is deleted from here",
)
WORDS: Mapping[str, Refusal] = {
    "NoSuchBucket": NO_BUCKET,
    "404": NO_BUCKET,
    "AccessDenied": DENIED,
    "403": DENIED,
    "InvalidAccessKeyId": ("it does not know this access key", "Check the credentials"),
    "SignatureDoesNotMatch": ("the secret key is wrong", "Check the credentials"),
    "RequestTimeTooSkewed": ("the clock of this machine is wrong", "Set it right: timedatectl set-ntp true"),
    "AuthorizationHeaderMalformed": REGION,
    "PermanentRedirect": REGION,
    "301": REGION,
    "QuotaExceeded": FULL,
    "InsufficientStorage": FULL,
    "507": FULL,
    "XMinioStorageFull": FULL,
    "XMinioAdminBucketQuotaExceeded": FULL,
    "ObjectLocked": KEPT,
    "InvalidObjectState": (
        "it has this archive in cold storage",
        "Let it be restored there first, as by: aws s3api restore-object --bucket {bucket} --key NAME/FILE "
        "--restore-request Days=7. That takes hours; then run the command again",
    ),
}
HELD = re.compile(r"\block|retention|\bworm\b|immutab|legal hold", re.IGNORECASE)


def refusal(error: Mapping[str, Any], operation: str, bucket: str) -> Refusal:
    """Words and advice for the error that a store answers to an operation."""
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    words, advice = WORDS.get(
        code, (f"it answers {code}: {message}".replace("{", "{{").replace("}", "}}"), "")
    )
    if operation == "DeleteObject" and (code in ("AccessDenied", "403") or HELD.search(message)):
        words, advice = KEPT
    expected = re.search(r"expecting '([a-z0-9-]+)'", message)
    region = error.get("Region") or (expected[1] if expected else "see its settings")
    given = {"bucket": bucket, "region": region}
    return words.format(**given), advice.format(**given)
