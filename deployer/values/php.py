"""What php sites say of PHP: each function returns its text or raises ValueError saying what is wrong."""

import re

from deployer.values.names import one_line
from deployer.values.quantities import shown

OURS = {
    "open_basedir": "it keeps a site inside its own folders",
    "session.save_path": "each site has a folder of its own for them",
    "sys_temp_dir": "each site has a folder of its own",
    "upload_tmp_dir": "each site has a folder of its own",
    "memory_limit": "write memory:",
    "upload_max_filesize": "write max_upload:",
    "post_max_size": "write max_upload:",
}
"""Settings that are not free, and what is there instead."""


def setting_name(text: str) -> str:
    """The name of a setting of php.ini that a site may choose."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,60}(\.[a-z0-9_]{1,60}){0,3}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a name from php.ini, such as max_execution_time")
    if text in OURS:
        raise ValueError(f"{text} is not for sites to choose: {OURS[text]}")
    if text.startswith("opcache.") or text in ("extension", "zend_extension"):
        raise ValueError(f"{text} is one of all sites together, and cannot be a site's own")
    return text


def setting_value(text: str) -> str:
    """The value of a setting of php.ini, which PHP takes as it stands."""
    if re.search(r'["\\]|\$\{', one_line(text)):
        raise ValueError(
            f"{shown(text)} has a quote, a backslash or ${{, which php.ini cannot have in a value"
        )
    return text


def version(text: str) -> str:
    """A version of PHP as packages are called by it."""
    if not re.fullmatch(r"[5-9]\.[0-9]", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a version of PHP as packages have it, such as 8.3")
    return text


def extension(text: str) -> str:
    """An extension of PHP, as Debian's packages are called by it."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", text, re.ASCII):
        raise ValueError(
            f"{shown(text)} is not an extension of PHP by its package's name, such as gd or intl"
        )
    return text


def script(text: str) -> str:
    """A PHP file at the top of what is served, by its name."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,60}\.php", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a file of PHP such as index.php")
    return text


def folder(text: str) -> str:
    """A folder inside the site's files."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", text, re.ASCII):
        raise ValueError(
            f"{shown(text)} is not a folder inside the site's files, such as public or data/cache"
        )
    if len(text) > 200:
        raise ValueError(f"a path of {len(text)} characters is too long, the limit is 200")
    return text


DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))


def schedule(text: str) -> str:
    """Five fields as cron has them; raises where systemd could not keep to them."""
    calendar(text)
    return text


def calendar(text: str) -> str:
    """A schedule of cron as systemd has it."""
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"{shown(text)} is no schedule as cron has it: five fields, such as */5 * * * *")
    wanted = zip(fields, FIELDS, strict=True)
    minute, hour, day, month, weekday = (_field(field, *about) for field, about in wanted)
    if "*" not in (day, weekday):
        raise ValueError(
            f"{shown(text)}: cron would take either the day or the weekday; write it as two jobs"
        )
    days = "" if weekday == "*" else f"{_weekdays(weekday)} "
    return f"{days}*-{month}-{day} {hour}:{minute}:00"


def _field(text: str, name: str, least: int, most: int) -> str:
    """A field as systemd has it: a list of numbers, ranges, and steps."""
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", part, re.ASCII)
        first, last, step = match.groups() if match else ("", "", "0")
        numbers = [int(number) for number in (first, last) if number]
        if (
            not match
            or numbers != sorted(numbers)
            or not all(least <= each <= most for each in numbers)
            or step == "0"
        ):
            raise ValueError(f"{shown(part)} is no {name} as cron has it")
        if not first:
            found.append("*" if not step else f"{least}/{int(step)}")
            continue
        written = "..".join(map(str, numbers))
        found.append(f"{written}/{int(step)}" if step else written)
    return ",".join(found) if "*" not in found else "*"


def _weekdays(text: str) -> str:
    if "/" in text:
        raise ValueError("write out the days of the week, such as 1,3,5")
    ranges = [[int(number) for number in part.split("..")] for part in text.split(",")]
    return ",".join(DAYS[day] for each in ranges for day in range(each[0], each[-1] + 1))


def command(text: str) -> str:
    """A command for bash, on one line."""
    if not text.strip():
        raise ValueError("a job needs a command, such as php cron.php")
    return one_line(text)
