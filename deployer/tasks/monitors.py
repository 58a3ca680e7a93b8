"""The monitors of a sites.yaml: read beside the login, written when all else is done."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from threading import Thread
from typing import Any

from deployer.config.model import Config
from deployer.config.monitoring import Monitoring, UptimeKuma
from deployer.errors import UsageError
from deployer.outside.beside import side_by_side
from deployer.outside.monitors import gatus, uptime_kuma
from deployer.outside.monitors.uptime_kuma import Login
from deployer.planning.gatus import gatus_change
from deployer.planning.monitors import MonitorChange, server_of
from deployer.planning.plan import Plan
from deployer.planning.uptime_kuma import compare
from deployer.tasks.secrets import is_unset, resolve
from deployer.waiting import waiting


class Monitors:
    """What watches elsewhere, and what of it shall be otherwise; the reading begins with it."""

    def __init__(self, config: Config, monitoring: Monitoring) -> None:
        self.config, self.monitoring = config, monitoring
        self._file = monitoring.gatus.file if monitoring.gatus else None
        self._kuma = monitoring.uptime_kuma
        self._read: list[Any] = [None, None]
        self._reading = Thread(target=self._look, daemon=True)
        self._reading.start()

    def _look(self) -> None:
        calls = [
            (gatus.read, self._file) if self._file else (lambda: None,),
            (monitors_at, self._kuma, server_of(self.config)) if self._kuma else (lambda: None,),
        ]
        self._read = side_by_side(calls)

    def planned(self, plan: Plan, scope: Collection[str] | None) -> Plan:
        """The same plan with what changes of monitors; of those that cannot be read, nothing does."""
        if self._reading.is_alive():
            with waiting("asking for monitors"):
                self._reading.join()
        of_gatus, of_kuma = self._read
        changes: list[MonitorChange] = []
        notes = [*plan.notes]
        if self._file and not isinstance(of_gatus, str):
            changes += filter(None, [gatus_change(self.config, self.monitoring, of_gatus)])
        if self._kuma and not isinstance(of_kuma, str):
            found, more = compare(self.config, self.monitoring, of_kuma, scope, plan.held)
            changes += found
            notes += more
        blind = tuple(each for each in self._read if isinstance(each, str))
        return replace(plan, monitors=tuple(changes), notes=tuple(notes), blind=blind)

    def write(self, plan: Plan, line: Callable[[str], None]) -> bool:
        """Make the changes; whether all is as it shall be. What fails there stops nothing else."""
        calls = {
            gatus.NAME: [each for each in plan.monitors if each.keeper == gatus.NAME],
            uptime_kuma.NAME: [each for each in plan.monitors if each.keeper == uptime_kuma.NAME],
        }
        some = {name: changes for name, changes in calls.items() if changes}
        if some:
            with waiting("writing monitors"):
                outcomes = side_by_side([(self._write, name, changes) for name, changes in some.items()])
            for (name, changes), outcome in zip(some.items(), outcomes, strict=True):
                line(f"✗ {name}: {outcome}" if outcome else f"✓ {name} {len(changes)} changed")
            return not any(outcomes) and not plan.blind
        return not plan.blind

    def _write(self, name: str, changes: Sequence[MonitorChange]) -> None:
        if name == gatus.NAME and self._file:
            for each in changes:
                gatus.write(self._file, each.change)
        elif self._kuma:
            uptime_kuma.write(login_of(self._kuma), server_of(self.config), changes)


def monitors_at(kuma: UptimeKuma, server: str) -> Any:
    """All monitors that an Uptime Kuma has."""
    return uptime_kuma.read(login_of(kuma), server)


def login_of(kuma: UptimeKuma) -> Login:
    """How to be let in; UsageError names a variable that the environment has not."""
    given = [each for each in (kuma.token or kuma.password,) if each]
    if missing := sorted(each.name for each in given if is_unset(each)):
        raise UsageError(
            f"the environment has no {missing[0]}, which monitoring: takes a secret from",
            f"Set it for this command, for example: read -rs {missing[0]} && export {missing[0]}",
        )
    values = resolve(given)
    return Login(
        kuma.url,
        kuma.user or "",
        "" if kuma.token or not kuma.password else values[kuma.password],
        values[kuma.token] if kuma.token else "",
    )
