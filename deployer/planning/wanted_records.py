"""The DNS records that sites.yaml asks for; pure."""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.errors import DeployError
from deployer.planning.records import RecordSet
from deployer.values.records import unreachable

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

LEADS = ("A", "AAAA", "CNAME")
ADVICE = "Write it: dns: {address: [203.0.113.7, 2001:db8::7]}, with the addresses that visitors reach it by"


def leading(config: "Config") -> Iterator[tuple[str, str]]:
    """Each name that shall lead to the server, with its site: not those that `records` lead elsewhere."""
    records = config.dns.records if config.dns else {}
    for domain, site in sorted(config.sites.items()):
        for name in (domain, *site.aliases):
            if not any(kind in LEADS for kind in records.get(name, ())):
                yield name, domain


def addresses(config: "Config", facts: "Facts") -> tuple[str, ...]:
    """The server's addresses for all who visit; DeployError where a name wants one and there is none."""
    if config.dns and (config.dns.address or not any(leading(config))):
        return config.dns.address
    host = config.server.host if config.server else ""
    found: dict[int, str] = {}
    refused = []
    for text in (host, *facts.addresses):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if reason := unreachable(address):
            refused.append(f"{address} is {reason}")
        else:
            found.setdefault(address.version, str(address))
    if not found:
        why = f": {', '.join(dict.fromkeys(refused))}" if refused else ""
        raise DeployError(f"the server has no address for DNS records that everybody can reach{why}", ADVICE)
    return tuple(found[version] for version in sorted(found))


def wanted_records(config: "Config", of_server: tuple[str, ...]) -> Iterator[RecordSet]:
    """All records that shall be; what stands under `records` counts where both name the same."""
    dns = config.dns
    if dns is None:
        return
    shields = {
        name: {"on": True, "off": False}.get(site.shielded)
        for domain, site in config.sites.items()
        for name in (domain, *site.aliases)
    }
    for name, kinds in dns.records.items():
        for kind, values in kinds.items():
            yield RecordSet(name, kind, values, dns.ttl, None, shields.get(name) if kind in LEADS else None)
    for name, domain in leading(config):
        yield from _leading(name, of_server, dns.ttl, domain, shields[name])
    for domain, site in sorted(config.sites.items()):
        for name in (domain, *site.aliases):
            if dns.caa and site.https and not {"CAA", "CNAME"} & dns.records.get(name, {}).keys():
                values = tuple(f'0 issue "{authority}"' for authority in sorted(dns.caa))
                yield RecordSet(name, "CAA", values, dns.ttl, domain)


def _leading(
    name: str, of_server: tuple[str, ...], ttl: int | None, site: str, proxied: bool | None
) -> Iterator[RecordSet]:
    for version, kind in ((4, "A"), (6, "AAAA")):
        values = tuple(each for each in of_server if ipaddress.ip_address(each).version == version)
        if values:
            yield RecordSet(name, kind, tuple(sorted(values)), ttl, site, proxied)
