"""What an audit finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. `mend` is a command, or a key of
    sites.yaml with its place, such as security.ssh.root."""

    what: str
    why: str
    mend: str
    serious: bool = True
