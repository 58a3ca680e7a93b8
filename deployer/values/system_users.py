"""Names of users of the server that belong to one site or service."""

import hashlib

LONGEST = 31
"""For Linux, the longest name of a user."""


def system_user(what: str, name: str) -> str:
    """The user that does this for a site or service: two of them never share one."""
    user = f"{what}-{name.replace('.', '_')}"
    if len(user) <= LONGEST:
        return user
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{user[: LONGEST - 13]}_{digest}"
