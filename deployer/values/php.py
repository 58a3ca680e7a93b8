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
