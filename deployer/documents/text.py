"""The file sites.yaml → its text."""

import re
from pathlib import Path

from deployer.errors import ConfigError, Problem, UsageError

LARGEST = 1_000_000
# What YAML forbids, and the line ends that only YAML counts, so that lines are those of every editor.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def read(path: Path) -> str:
    """The text of the file, without a byte order mark; raises UsageError or ConfigError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        advice = "deploy init writes one to begin with, and -c FILE names another."
        raise UsageError(f"{path}: no such file", advice) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST // 1_000_000} MB, which no sites.yaml is")
    return decode(content, str(path))


def decode(content: bytes, file: str) -> str:
    """The text of UTF-8 bytes; raises ConfigError with the place of the first byte that is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        raise ConfigError([at_end_of(before, file, "this is not UTF-8 text")]) from error
    if bad := FORBIDDEN.search(text):
        name = f"the control character U+{ord(bad[0]):04X}"
        raise ConfigError([at_end_of(text[: bad.start()], file, f"{name} is not allowed")])
    return text


def at_end_of(before: str, file: str, message: str) -> Problem:
    """A problem right after the text before it."""
    return Problem(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, message)
