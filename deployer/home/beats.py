"""Tells monitors elsewhere in each round of a watch how services, backups and updates are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

from deployer.audit.evidence import Evidence
from deployer.config.model import Config
from deployer.config.monitoring import Gatus, UptimeKuma
from deployer.errors import DeployError
from deployer.home.channels import secret
from deployer.home.newest import newest_at_home
from deployer.planning.gatus import keys_of
from deployer.planning.monitors import WATCH, server_of
from deployer.values.secrets import FromEnvironment, Secret
from deployer.watching.heartbeats import heartbeats

OF_WATCH = f"{WATCH}/{WATCH}"
"""The watch itself: the file that makes the monitors may know nothing of it."""


def beat(
    config: Config, fine: bool, seen: Evidence | None, in_s3: Mapping[str, datetime] | None = None
) -> tuple[str, ...]:
    """Tell whoever sites.yaml names below `monitoring`; what went wrong, none of which stops anything.

    `fine` is whether the watch could tell what it had to, `seen` what the server said, if it said anything.
    """
    monitoring = config.monitoring
    if monitoring is None or not monitoring.heartbeats:
        return ()
    beats = {OF_WATCH: "" if fine else "nobody could be told what is not well"}
    if seen:
        beats |= heartbeats(seen, newest_at_home(config), in_s3)
    ways: list[Callable[[], Iterable[str]]] = []
    if monitoring.gatus and monitoring.gatus.url:
        ways.append(partial(_tell_gatus, monitoring.gatus, server_of(config), beats))
    if monitoring.uptime_kuma:
        ways.append(partial(_tell_kuma, monitoring.uptime_kuma, server_of(config), beats))
    return tuple(warning for way in ways for warning in _quietly(way))


def _quietly(way: Callable[[], Iterable[str]]) -> Iterator[str]:
    try:
        yield from way()
    except DeployError as error:
        yield error.line
    except ValueError as error:
        yield f"no heartbeats: {error}"


def _tell_gatus(gatus: Gatus, server: str, beats: Mapping[str, str]) -> Iterable[str]:
    from deployer.outside.monitors import gatus as outside

    keys = keys_of(beats, server)
    named = {keys[key]: why for key, why in beats.items()}
    return outside.beat(gatus.url or "", secret(gatus.token or ""), named, keys[OF_WATCH])


def _tell_kuma(kuma: UptimeKuma, server: str, beats: Mapping[str, str]) -> Iterable[str]:
    from deployer.outside.monitors.uptime_kuma import Login, beat

    if kuma.token:
        login = Login(kuma.url, token=_value(kuma.token))
    else:
        login = Login(kuma.url, kuma.user or "", _value(kuma.password))
    return beat(login, server, beats)


def _value(given: Secret | None) -> str:
    """Timers have an environment, and nobody who types a passphrase."""
    if not isinstance(given, FromEnvironment):
        raise ValueError("a timer takes what lets it into Uptime Kuma as env:NAME, from home.env")
    return secret(f"env:{given.name}")
