"""The DNS records of a sites.yaml: read beside the login, and written when the server is ready for them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from threading import Thread

from deployer.config.dns import Dns
from deployer.config.keeper import Keeper
from deployer.config.model import Config
from deployer.errors import DeployError, UsageError
from deployer.outside.beside import side_by_side
from deployer.outside.dns import Reading, read_all, write
from deployer.planning.comparing_records import compare
from deployer.planning.plan import Order, Plan
from deployer.planning.records import RecordChange
from deployer.planning.wanted_records import addresses, wanted_records
from deployer.seen.facts import Facts
from deployer.tasks.secrets import is_unset, resolve, token
from deployer.values.secrets import Given
from deployer.waiting import waiting


class Names:
    """What the zones have, and what they shall have; the reading begins with it."""

    def __init__(self, config: Config, dns: Dns) -> None:
        self.config = config
        self._tokens = tokens_of(dns.keepers)
        self._keepers = with_options(dns.keepers)
        self._read = Reading()
        self._tried: set[str] = set()
        self.fresh: set[str] = set()
        """The names whose addresses have just been written."""
        self._reading = Thread(target=self._look, daemon=True)
        self._reading.start()

    def _look(self) -> None:
        self._read = read_all(self._keepers, self._tokens)

    @property
    def seen(self) -> Reading:
        """The zones, as soon as all have answered."""
        if self._reading.is_alive():
            with waiting("asking for DNS records"):
                self._reading.join()
        return self._read

    def planned(self, plan: Plan, facts: Facts, scope: Collection[str] | None, shields: bool = True) -> Plan:
        """The same plan with what changes of the records; where the server has no address, nothing does.

        Without `shields`, what is proxied stays so: whom the server lets in would not follow.
        """
        seen = self.seen
        try:
            wanted = [*wanted_records(self.config, addresses(self.config, facts))]
        except DeployError as error:
            return replace(plan, failures=(*seen.failures, error.line))
        wanted = wanted if shields else [replace(each, proxied=None) for each in wanted]
        found = compare(seen.zones, wanted, self.server, scope, plan.held, seen.unread)
        homeless = [
            f"{name} is in no zone that dns: can read: its records stay as they are"
            for name in found.homeless
        ]
        remarks = [f"the zone {each.zone.name} {each.zone.remark}" for each in seen.zones if each.zone.remark]
        return replace(
            plan,
            records=found.changes,
            much=found.much,
            failures=(*seen.failures, *found.wrong),
            notes=(*plan.notes, *homeless, *remarks),
        )

    @property
    def server(self) -> str:
        """Which server's the records are."""
        return self.config.server.host if self.config.server else "-"

    def write_first(self, plan: Plan, orders: Iterable[Order], line: Callable[[str], None]) -> bool:
        """Make those changes for which one of these certificates waits: its names have to lead here."""
        names = {order.name for order in orders if not order.by_dns}
        return self._write([each for each in plan.records if each.site in names], line)

    def write_rest(self, plan: Plan, done: bool, line: Callable[[str], None]) -> bool:
        """Make all others; whether all is as it shall be, which `done` says of the server.

        Where it is not, sites that lead elsewhere now go on to do so.
        """
        rest = [each for each in plan.records if each.path not in self._tried]
        held = [each for each in rest if not done and each.site and each.seen_outside]
        for each in held:
            line(f"! {each.path} stays as it is, for not everything could be done on the server.")
        written = self._write([each for each in rest if each not in held], line)
        return done and written and not plan.failures

    def _write(self, changes: Iterable[RecordChange], line: Callable[[str], None]) -> bool:
        of_zone: dict[str, list[RecordChange]] = {}
        for change in changes:
            self._tried.add(change.path)
            of_zone.setdefault(change.zone.name, []).append(change)
        calls = [
            (write, each[0].zone, each, self._keepers[each[0].zone.keeper], self._tokens[each[0].zone.keeper])
            for each in of_zone.values()
        ]
        if not calls:
            return True
        with waiting("writing DNS records"):
            outcomes = side_by_side(calls)
        for zone, outcome in zip(of_zone, outcomes, strict=True):
            self.fresh |= set() if outcome else {each.name for each in of_zone[zone] if each.site}
            line(f"✗ dns:{zone}: {outcome}" if outcome else f"✓ dns:{zone} {len(of_zone[zone])} changed")
        return not any(outcomes)


def tokens_of(keepers: Mapping[str, Keeper]) -> dict[str, str]:
    """The token of each keeper; UsageError names the variables that the environment has not."""
    given = [each.token for each in keepers.values() if each.token]
    options = [value for each in keepers.values() for value in each.options.values()]
    if missing := sorted({secret.name for secret in (*given, *options) if is_unset(secret)}):
        raise UsageError(
            f"the environment has no {', '.join(missing)}, which dns: takes a token from",
            "Make it at the provider, if there is none yet: docs/dns.md says with which rights. "
            f"Set it for this command, for example: read -rs {missing[0]} && export {missing[0]}",
        )
    values = resolve(given)
    return {
        name: token(values[each.token], f"the token for {each.provider} ({each.token})") if each.token else ""
        for name, each in keepers.items()
    }


def with_options(keepers: Mapping[str, Keeper]) -> dict[str, Keeper]:
    """The same, with the values of the options that come from elsewhere."""
    values = resolve(value for each in keepers.values() for value in each.options.values())
    return {
        name: each.model_copy(
            update={"options": {option: Given(values[value]) for option, value in each.options.items()}}
        )
        for name, each in keepers.items()
    }
