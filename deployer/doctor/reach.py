"""Whether visitors reach the sites: what NGINX answers, where names lead, and what the clock says; pure."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from deployer.audit import upkeep
from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.config.model import Config
from deployer.config.shield_checks import shieldable
from deployer.doctor.mends import mend_of
from deployer.doctor.result import FromHere, Result
from deployer.parts.shield import ranges
from deployer.seen.site_health import answers_well
from deployer.values.quantities import amount

CLOCK = 10
"""Seconds that two clocks may differ: an answer takes its time, too."""

NGINX_RESTS = "NGINX does not run: no site can answer"


def nginx(seen: Evidence, config: Config, here: FromHere) -> Result:
    """An NGINX that does not run, and files with which it would not start again."""
    silent = len(silent_with_nginx(seen))
    rests = Finding(
        NGINX_RESTS,
        f"visitors of {amount(silent, 'name')} do not get what they come for",
        "systemctl start nginx   # where that fails: nginx -t; journalctl -u nginx",
    )
    return Result("nginx", "", (*([rests] if silent else []), *upkeep.nginx(seen, config)))


def silent_with_nginx(seen: Evidence) -> frozenset[str]:
    """The names that do not answer since NGINX does not run; all of them, or none."""
    answers = [line.split(" ")[:2] for line in seen.lines.get("answer", [])]
    resting = "nginx_rests" in seen.lines and not any(int(status) for _, status in answers)
    return frozenset(name for name, _ in answers) if resting else frozenset()


def sites(seen: Evidence, config: Config, here: FromHere) -> Result:
    """What NGINX answers for each name, on the server itself."""
    answers = [(*line.split(" ", 3), "", "", "")[:3] for line in seen.lines.get("answer", [])]
    distrusted = dict(line.split(" ", 1) for line in seen.lines.get("distrust", []) if " " in line)
    if silent_with_nginx(seen):
        return Result("sites")
    held = _stopped(seen)
    waiting = dict(line.split(" ", 1) for line in seen.lines.get("waits", []))
    found, well = [], 0
    for name, status, _ in answers:
        if why := distrusted.get(name):
            found.append(_unreachable(f"{name}: {why}", "deploy apply   # asks for what is missing"))
        elif answers_well(int(status or 0)):
            well += 1
        elif name in waiting:
            found.append(_unreachable(f"{name} waits for its first push", waiting[name]))
        elif name not in held:
            what = f"answers {status}" if int(status or 0) else "does not answer"
            found.append(_unreachable(f"{name} {what}", mend_of(name, config)))
    silent = len(answers) - well - len(found)
    told = [f"{amount(well, 'name')} answered"] if well else []
    told += [f"{amount(silent, 'name')} stopped on purpose"] if silent else []
    return Result("sites", ", ".join(told), tuple(found))


def _unreachable(what: str, mend: str) -> Finding:
    return Finding(what, "its visitors do not get what they come for", mend)


def _stopped(seen: Evidence) -> set[str]:
    return {line.partition(" ")[0] for line in seen.lines.get("stopped", [])}


def names(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Where the names lead, as the DNS says from here."""
    ours = here.server | {*seen.lines.get("address", [])}
    before = _behind(config, here)
    leading = {name: there for name, there in here.names.items() if name not in before}
    found = [finding for name, there in leading.items() for finding in _leads(name, there, ours)]
    silent = amount(here.unanswered, "name")
    if here.unanswered and not here.names:
        mend = "resolvectl status, or /etc/resolv.conf, on this machine"
        found = [
            Finding("the DNS here says nothing", f"where {silent} lead is not known", mend, serious=False)
        ]
    asked = [f"{amount(len(here.names), 'name')} asked for from here"] if here.names else []
    asked += [f"Cloudflare before {amount(len(before), 'name')}"] if before else []
    asked += [f"nothing said of {silent}"] if here.unanswered else []
    return Result("dns", ", ".join(asked), tuple(found))


def _behind(config: Config, here: FromHere) -> frozenset[str]:
    """The names that lead to Cloudflare, where that can stand before them."""
    known = shieldable(config)
    names = {name for domain, site in known.items() for name in site.names(domain)}
    networks = [ip_network(each) for each in ranges()[1]] if names & here.names.keys() else []
    return frozenset(
        name
        for name, there in here.names.items()
        if name in names and there and all(any(ip_address(each) in one for one in networks) for each in there)
    )


def _leads(name: str, there: tuple[str, ...], ours: frozenset[str]) -> Iterator[Finding]:
    why = "whoever comes by that address does not come here, and certificates may not be renewed"
    if not there:
        yield Finding(
            f"{name} has no address in the DNS, as seen from here",
            "nobody finds it, and no certificate can be had for it",
            f"an A record of {name} with the server's address, where its DNS is kept",
        )
    elif others := sorted({*there} - ours):
        yield Finding(
            f"{name} leads to {', '.join(others)}, as seen from here",
            why,
            f"its A and AAAA records: {', '.join(sorted(ours))}, unless something stands before the server",
            serious=False,
        )


def clock(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Whether the server's clock is that of here, and something keeps it right."""
    found = []
    ahead = round(seen.now - here.clock) if here.clock else 0
    if abs(ahead) > CLOCK:
        way = "ahead of" if ahead > 0 else "behind"
        found.append(
            Finding(
                f"the server's clock is {_span(abs(ahead))} {way} the one here",
                "one of them is wrong: certificates, backups and logs go by it",
                "timedatectl   # on both: which of them is synchronized?",
            )
        )
    keeper = seen.one("clock")
    if keeper == "nobody":
        found.append(
            Finding(
                "nothing keeps the server's clock right",
                "it drifts, until certificates and logins by code are refused",
                "apt-get install systemd-timesyncd",
                serious=False,
            )
        )
    kept = f", kept by {keeper}" if keeper not in ("", "container", "nobody") else ""
    return Result("clock", f"as here{kept}" if here.clock else kept.removeprefix(", "), tuple(found))


def _span(seconds: int) -> str:
    """In the unit in which a person would say it."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return amount(seconds // length, unit)
    return amount(seconds, "second")
