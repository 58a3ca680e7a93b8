"""How the server is kept safe: the section `security` of sites.yaml. All of it is on by default."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from deployer.values.networks import Network
from deployer.values.quantities import Plain, duration, shown
from deployer.values.section import Section
from deployer.values.types import (
    Boolean,
    ClockTime,
    Count,
    MemoryLimit,
    Port,
    TimeLimit,
    User,
    schema,
    text,
    written,
)

LONGEST_UNDO = 120


def off(value: Any) -> Any:
    """None for false, and the defaults for true, where a section may be switched off as a whole."""
    switched = str(value).lower() if isinstance(value, (bool, Plain)) else ""
    return {"false": None, "true": {}}.get(switched, value)


def public_port(value: str) -> str:
    """A port that anyone may reach, as 8448/tcp or 60000:61000/udp."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})(?::([1-9][0-9]{0,4}))?/(tcp|udp)", value, re.ASCII)
    numbers = [int(number) for number in found.groups()[:2] if number] if found else []
    if not numbers or max(numbers) > 65535 or numbers != sorted(set(numbers)):
        raise ValueError(
            f"expected a port such as 8448/tcp, 51820/udp or 60000:61000/udp, not {shown(value)}"
        )
    return value


def undo_time(value: object) -> int:
    """Seconds from 10 to LONGEST_UNDO."""
    if not 10 <= (seconds := duration(value)) <= LONGEST_UNDO:
        raise ValueError(f"expected a duration from 10s to 2m, not {shown(value)}")
    return seconds


PublicPort = Annotated[str, text(public_port), schema("string", pattern="^[0-9]+(:[0-9]+)?/(tcp|udp)$")]
UndoTime = Annotated[int, BeforeValidator(undo_time), schema("string", pattern="^[0-9]{1,3}[sm]$")]


class Firewall(Section):
    """UFW lets in SSH on the port where it listens, HTTP, HTTPS, what services open to all, and these."""

    allow: tuple[PublicPort, ...] = Field(
        (), description="more ports that anyone may reach, such as 8448/tcp or 60000:61000/udp"
    )


class Fail2ban(Section):
    """Addresses that fail to log in are shut out: for longer each time."""

    ban: TimeLimit = Field(
        written("1h"), description="how long an address is shut out; doubled each time it comes back"
    )
    attempts: Count = Field(5, description="failed logins within ten minutes that lead to it")
    ignore: tuple[Network, ...] = Field((), description="addresses and networks that are never shut out")


class Ssh(Section):
    """Who may log in by SSH, and how."""

    port: Port | None = Field(
        None, description="where SSH listens, and also where we come in until server.port is this one, too"
    )
    passwords: Boolean = Field(False, description="true lets users log in with a password; root never may")
    root: Literal["keys-only", "no"] = Field(
        "keys-only", description="keys-only or no: whether root may log in"
    )
    allow_users: tuple[User, ...] | None = Field(
        None, description="only these may log in, and always the one in server.user; without it, everyone"
    )


class AutomaticUpdates(Section):
    """The distribution's security updates are installed every day, by unattended-upgrades."""

    reboot: ClockTime | None = Field(
        None, description="time of day for a restart when an update wants one; without it, never"
    )


class Security(Section):
    """How the server is kept safe; all of it is on by default, and `security: false` turns all of it off."""

    firewall: Annotated[Firewall | None, BeforeValidator(off, json_schema_input_type=Firewall | bool)] = (
        Field(Firewall(), description="UFW: who is let in; false leaves the firewall alone")
    )
    fail2ban: Annotated[Fail2ban | None, BeforeValidator(off, json_schema_input_type=Fail2ban | bool)] = (
        Field(Fail2ban(), description="shuts out addresses that fail to log in; false leaves it out")
    )
    ssh: Annotated[Ssh | None, BeforeValidator(off, json_schema_input_type=Ssh | bool)] = Field(
        Ssh(), description="who may log in by SSH, and how; false leaves SSH as it is"
    )
    updates: Annotated[
        AutomaticUpdates | None, BeforeValidator(off, json_schema_input_type=AutomaticUpdates | bool)
    ] = Field(AutomaticUpdates(), description="security updates every day; false leaves them out")
    sysctl: Boolean = Field(True, description="settings of the kernel that make attacks harder")
    swap: MemoryLimit | None = Field(None, description="size of a swap file, such as 2G; without it, none")
    undo_after: UndoTime = Field(
        written("2m"),
        description="how soon a change of SSH or the firewall is undone when no new login proves it good",
    )


NONE = Security(firewall=False, fail2ban=False, ssh=False, updates=False, sysctl=False)
"""What `security: false` means."""


def all_off(value: Any) -> Any:
    """NONE for false; a section as it is."""
    found = off(value)
    return NONE if found is None else found
