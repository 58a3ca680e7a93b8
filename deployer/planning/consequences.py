"""What a change of the server's safety means for those who use it, beyond the lines of its files; pure."""

import re
from collections.abc import Iterable, Iterator

from deployer.files import File, Link
from deployer.parts.fail2ban import JAILS
from deployer.parts.firewall import FIREWALL
from deployer.parts.sshd import SSHD
from deployer.planning.plan import Change
from deployer.seen.facts import Facts

KEYS_USER = "deploy"
"""The user of restricted keys comes and goes with them."""


def consequences(changes: Iterable[Change], facts: Facts) -> tuple[str, ...]:
    """What a person should know before these changes: what goes on or off, and who can no longer log in."""
    told: list[str] = []
    for change in changes:
        match change.path:
            case path if path == FIREWALL:
                told += _firewall(change, facts)
            case path if path == JAILS and change.after is None:
                told.append("fail2ban stops: nobody is shut out any more, however many passwords they try")
            case path if path == SSHD:
                told += [*_passwords(change), *_users(change, facts)]
    return tuple(told)


def _firewall(change: Change, facts: Facts) -> Iterator[str]:
    enabled = facts.ufw is not None and facts.ufw.enabled
    if change.after and not enabled:
        yield f"the firewall is turned on: strangers reach what {FIREWALL} lists, and nothing else"
    elif change.after is None and enabled and facts.ufw_was_off:
        yield "the firewall is turned off: strangers reach every program that listens"
    elif change.after is None and enabled:
        yield "the firewall stays on with the rules that it has: it was on before deploy came"


def _passwords(change: Change) -> Iterator[str]:
    if change.after is None:
        yield "SSH is again as the server's other files say: that mostly lets users log in with passwords"
    elif _value("PasswordAuthentication", change.after) == "yes" and (
        _value("PasswordAuthentication", change.before) != "yes"
    ):
        yield "users may log in with passwords"


def _users(change: Change, facts: Facts) -> Iterator[str]:
    allowed = _value("AllowUsers", change.after).split()
    unknown = set(allowed) - facts.accounts - {KEYS_USER} if facts.accounts else set()
    for user in sorted(unknown):
        yield f"{user} may log in, but the server has no user of that name"
    for user in sorted(facts.logins - {KEYS_USER}):
        if _may(user, change.before) and not _may(user, change.after):
            yield f"{user} has a key and could log in until now: not any more"


def _may(user: str, file: File | Link | None) -> bool:
    """Whether this user may log in, as far as the file tells."""
    allowed = _value("AllowUsers", file).split()
    shut = user == "root" and _value("PermitRootLogin", file) == "no"
    return (user in allowed or not allowed) and not shut


def _value(keyword: str, file: File | Link | None) -> str:
    """The first value of the keyword, empty where there is none."""
    text = file.content.decode(errors="replace") if isinstance(file, File) else ""
    found = re.search(rf"^{keyword}[ \t]+(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""
