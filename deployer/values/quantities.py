"""Numbers, switches, durations and sizes as they are written in sites.yaml."""

import re
from collections.abc import Callable

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}  # the units that NGINX knows too


class Plain(str):
    """A scalar without quotes, exactly as it stands in the file: 1.10 stays "1.10"."""

    __slots__ = ()


def whole_number(minimum: int, maximum: int) -> Callable[[object], int]:
    """A parser of decimal numbers from minimum to maximum, both included."""

    def parse(value: object) -> int:
        if isinstance(value, str) and not isinstance(value, Plain):
            raise ValueError("write this number without quotes")
        if isinstance(value, bool) or not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", str(value), re.ASCII):
            raise ValueError(f"expected a whole number from {minimum} to {maximum}, not {shown(value)}")
        if not minimum <= int(str(value)) <= maximum:
            raise ValueError(f"{value} is not between {minimum} and {maximum}")
        return int(str(value))

    return parse


def one_of_numbers(*allowed: int) -> Callable[[object], int]:
    """A parser of the few numbers that are allowed."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or str(value) not in map(str, allowed):
            raise ValueError(f"expected one of {', '.join(map(str, allowed))}, not {shown(value)}")
        return int(str(value))

    return parse


def boolean(value: object) -> bool:
    """true or false; YAML's yes, no, on and off are refused, since editors read them as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Plain) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(f"expected true or false, not {shown(value)}")


def duration(value: object) -> int:
    """Seconds of a text such as 90s, 10m, 2h or 7d; 0 is allowed."""
    match = re.fullmatch(r"([0-9]{1,6})([smhd])|0", str(value), re.ASCII)
    if not match or isinstance(value, bool):
        raise ValueError(f"expected a duration such as 90s, 10m, 2h or 7d, not {shown(value)}")
    return int(match[1] or 0) * SECONDS[match[2] or "s"]


def duration_text(seconds: int) -> str:
    """The shortest text that duration() reads back as these seconds."""
    unit = max((unit for unit in SECONDS if seconds % SECONDS[unit] == 0), key=SECONDS.__getitem__)
    return f"{seconds // SECONDS[unit]}{unit}" if seconds else "0"


def size(value: object) -> int:
    """Bytes of a text such as 512K, 200M or 2G (powers of 1024); 0 is allowed."""
    match = re.fullmatch(r"([0-9]{1,6})([KMGkmg])|0", str(value), re.ASCII)
    if not match or isinstance(value, bool):
        raise ValueError(f"expected a size such as 512K, 200M or 2G, not {shown(value)}")
    return int(match[1] or 0) * BYTES[(match[2] or "K").upper()]


def size_text(count: int) -> str:
    """The shortest text that size() reads back as this many bytes (a multiple of 1024)."""
    unit = max((unit for unit in BYTES if count % BYTES[unit] == 0), key=BYTES.__getitem__)
    return f"{count // BYTES[unit]}{unit}" if count else "0"


def positive(parse: Callable[[object], int]) -> Callable[[object], int]:
    """The same parser without 0."""

    def parse_positive(value: object) -> int:
        if not (amount := parse(value)):
            raise ValueError("0 is not possible here")
        return amount

    return parse_positive


def amount(count: int, unit: str) -> str:
    """A number with its unit: 1 day, 2 days."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def gigabytes(kibibytes: int) -> str:
    """Room on a disk, in the unit in which disks are sold and the sizes of backups are told."""
    return f"{kibibytes * 1024 / 1e9:.1f}"


def shown(value: object) -> str:
    """A value as a message names it: short, on one line, printable."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{printable(text[:60])}{'…' if len(text) > 60 else ''}'"


def printable(text: str) -> str:
    """A text of which nothing moves the cursor, or is taken for more than letters."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
