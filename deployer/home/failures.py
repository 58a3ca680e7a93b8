"""What rsync and ssh say when they fail → a message and what to do about it (pure)."""

import re

from deployer.errors import DeployError, UnreachableError

UNREACHABLE = re.compile(
    r"ssh: connect to .* port \d+: (?P<connect>.+)|ssh: (?P<resolve>Could not resolve hostname .+)"
    r"|(?P<timeout>Connection timed out during banner exchange)"
)
OTHER_USER = re.compile(r'Please login as the user "([^"\s]+)" rather than')
NOT_RSYNC = (2, 12)
"""Codes of rsync when what answers does not speak as it does."""
KEY_ADVICE = (
    "Its public half belongs into sites.yaml, as a key with `pull_backups: true`, and then on the server: "
    "deploy apply"
)
PIN_ADVICE = (
    "Look up the key on the server (cat /etc/ssh/ssh_host_ed25519_key.pub) and pin it in sites.yaml as "
    "server.host_key"
)


class Full(DeployError):
    """There is no room here for what was to be fetched."""


def failure(where: str, code: int, said: str, greeting: str = "") -> DeployError:
    """The failure of a call of rsync; `where` is user@host:port, `greeting` what a login there prints."""
    if match := OTHER_USER.search(greeting):
        return UnreachableError(
            f"{where} lets nobody work there as this user: it says to log in as {match[1]}",
            "Fetch by a key that can only read backups, as docs/home.md says, and leave home.user out",
        )
    if greeting:
        return UnreachableError(
            f"a login at {where} prints something, which rsync takes for its answer: {last_line(greeting)}",
            "Let it greet people only. At the top of ~/.bashrc there: [[ $- == *i* ]] || return",
        )
    if "Host key verification failed" in said or "HOST IDENTIFICATION HAS CHANGED" in said:
        return UnreachableError(
            f"{where} does not show the host key that is expected of it, so nothing was asked of it",
            PIN_ADVICE,
        )
    if "Permission denied (" in said or "Too many authentication failures" in said:
        return UnreachableError(f"{where} refused the key", KEY_ADVICE)
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return Full("there is no room left here", "Free some, or lower home.keep in sites.yaml")
    if match := UNREACHABLE.search(said):
        reason = next(filter(None, match.groups()))
        return UnreachableError(f"{where} cannot be reached: {reason}", "Is it up, and is the port right?")
    if "rrsync error" in said or "rsync: command not found" in said:
        return DeployError(f"{where} refused what was asked of it: {last_line(said)}", KEY_ADVICE)
    if code in (10, 12, 20, 30, 35, 255):
        return UnreachableError(
            f"the connection to {where} was lost ({last_line(said)})",
            "What had come is kept: the next pull goes on from there",
        )
    return DeployError(f"rsync ended with {code}: {last_line(said)}")


def last_line(said: str) -> str:
    """The line that tells most: the first that is about what happened, without rsync's own summary."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith("rsync error: ")]
    return (telling or lines or ["it said nothing"])[0]
