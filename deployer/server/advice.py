"""What to try when a login does not work."""

import shlex
from pathlib import Path

NO_KEY = "Start an agent that holds it (ssh-add), or name its file in sites.yaml as server.key"
UNREACHABLE = (
    "Is it up, and is the port right? Or did fail2ban shut this address out, after failed logins? "
    "From elsewhere: fail2ban-client unban ADDRESS"
)

NO_SUCH_NAME = "Is server.host in sites.yaml right, and does this machine reach its DNS?"


def by_hand(where: str, key: Path | None) -> str:
    """The same login to user@host:port with OpenSSH, which tells what it tries."""
    who, _, port = where.rpartition(":")
    options = ["-p", port] if port != "22" else []
    options += ["-i", str(key)] if key else []
    return shlex.join(["ssh", "-v", *options, who])
