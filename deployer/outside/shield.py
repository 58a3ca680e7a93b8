"""Cloudflare before a site or not: whether its records are proxied, and how the zone questions visitors."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from deployer.config.keeper import Keeper
from deployer.errors import DeployError
from deployer.outside.beside import side_by_side
from deployer.outside.dns import asking, read_all
from deployer.outside.dns.cloudflare import AUTOMATIC, PROXIABLE, result
from deployer.planning.records import Record, Zone, zone_of

CLEAR = ("off", "flexible")
"""Modes in which Cloudflare asks the server in the clear, which leads all visitors round in a circle."""
LEVEL = "security_level"
UNDER_ATTACK = "under_attack"


@dataclass(frozen=True, slots=True)
class Names:
    """The records of a site's names, by their zones; `level` of the first name's zone, where it is asked."""

    records: Mapping[Zone, tuple[Record, ...]]
    zone: Zone
    level: str = ""

    @property
    def grey(self) -> tuple[str, ...]:
        """The names that Cloudflare does not stand before."""
        found = (one.name for each in self.records.values() for one in each if not one.proxied)
        return tuple(sorted({*found}))


@dataclass(frozen=True, slots=True)
class Cloudflare:
    """Those who keep the names of a site, and the tokens for it."""

    keepers: Mapping[str, Keeper]
    tokens: Mapping[str, str]

    def read(self, names: Collection[str], turning_on: bool, with_level: bool) -> Names:
        """The records of these names, of which the first is the site's own; raises DeployError.

        Who turns it on wants a record of that one, and a zone that asks the server by HTTPS.
        """
        reading = read_all(self.keepers, self.tokens)
        if reading.failures:
            raise DeployError(reading.failures[0].rstrip("."), "Nothing was changed.")
        found: dict[Zone, tuple[Record, ...]] = {}
        zones = {each.zone.name: each for each in reading.zones}
        own = None
        for name in names:
            there = zones.get(zone_of(name, zones) or "")
            if there is None:
                raise DeployError(
                    f"{name} is in no zone that the token sees", "Give it the right to that zone."
                )
            own = own or there.zone
            records = [one for one in there.records if one.name == name and one.kind in PROXIABLE]
            if turning_on and not records and name == next(iter(names)):
                raise DeployError(f"the zone {own.name} has no record of {name}", "Make it first: deploy dns")
            found[there.zone] = (*found.get(there.zone, ()), *records)
        assert own
        asked = [(self._setting, zone, "ssl" if turning_on else "") for zone in found]
        *modes, level = side_by_side([*asked, (self._setting, own, LEVEL if with_level else "")])
        for zone, mode in zip(found, modes, strict=True):
            if mode in CLEAR:
                raise DeployError(
                    f"Cloudflare asks the servers of {zone.name} in the clear (SSL/TLS mode: {mode})",
                    "In its dashboard, below SSL/TLS, choose Full (strict). Nothing was changed.",
                )
        if with_level and not level.replace("_", "").isalpha():
            raise DeployError(
                f"the security level of {own.name} cannot be read: {level}", "Nothing was changed."
            )
        return Names(found, own, level if with_level else "")

    def _setting(self, zone: Zone, name: str) -> str:
        """The value of a setting of the zone; the right to it is another than that to its records."""
        if not name:
            return ""
        with asking(self.keepers[zone.keeper], self.tokens[zone.keeper], zone.name) as (_, web):
            return str(result(web, web.ask("GET", f"/zones/{zone.identifier}/settings/{name}"))["value"])

    def set_level(self, zone: Zone, level: str) -> None:
        """Question the visitors of the zone so."""
        with asking(self.keepers[zone.keeper], self.tokens[zone.keeper], zone.name) as (_, web):
            path = f"/zones/{zone.identifier}/settings/{LEVEL}"
            result(web, web.ask("PATCH", path, body={"value": level}))

    def proxy(self, there: Names, names: Iterable[str], proxied: bool) -> None:
        """Stand before these names, or not; of each zone all or none of them."""
        chosen = {*names}
        for zone, records in there.records.items():
            body = [
                {"id": one.identifier, "proxied": proxied, "ttl": AUTOMATIC}
                for one in records
                if one.name in chosen
            ]
            if body:
                with asking(self.keepers[zone.keeper], self.tokens[zone.keeper], zone.name) as (_, web):
                    path = f"/zones/{zone.identifier}/dns_records/batch"
                    result(web, web.ask("POST", path, body={"patches": body}))
