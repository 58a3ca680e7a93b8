"""What should go on by itself: renewals, backups and mirrors; pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from deployer.audit import upkeep
from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.backups.archives import FRESH
from deployer.config.model import Config
from deployer.doctor.result import FromHere, Result
from deployer.parts.backups import backed_up, worth_keeping
from deployer.seen.mirrors import Fault, Mirror, fault_of, read_mirrors
from deployer.seen.site_health import EXPIRY_FORMAT
from deployer.values.quantities import amount

DAY = 86400
LATE_AT_HOME = FRESH + timedelta(days=1)
"""What was made each night, and fetched some hours later, is no older than that before the next pull."""


def certificates(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Certificates that end soon, and those that NGINX has not read again since they were renewed."""
    found = list(upkeep.certificates(seen, config))
    for name, end in _served(seen).items():
        there = seen.certificates.get(name)
        if there and there - end > DAY:
            found.append(
                Finding(
                    f"{name} is served with the former certificate, which ends on {_day(end)}",
                    f"the one on the disk lasts until {_day(there)}, and NGINX has not read it",
                    "systemctl reload nginx   # and deploy apply brings back what does that at each renewal",
                )
            )
    first = min(seen.certificates.items(), key=lambda each: each[1], default=None)
    words = f"{first[0]} ends first, in {amount((first[1] - seen.now) // DAY, 'day')}" if first else ""
    return Result("certificates", words, tuple(found))


def _served(seen: Evidence) -> dict[str, int]:
    """When the certificate ends that each name is served with."""
    found = {}
    for line in seen.lines.get("answer", []):
        name, *_, expires = (*line.split(" ", 3), "", "", "", "")[:4]
        try:
            moment = datetime.strptime(expires.strip(), EXPIRY_FORMAT)
        except ValueError:
            continue
        found[name] = int(moment.replace(tzinfo=UTC).timestamp())
    return found


def _day(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d}"


def renewal(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Whether certificates are renewed by themselves, and how that went last."""
    state, last, result = (*seen.one("renewal").split(), "", "", "")[:3]
    if not state:
        return Result("renewal")
    why = "in the end browsers refuse the sites"
    if state != "active":
        what = "certificates are not renewed by themselves: certbot.timer is off"
        return Result("renewal", "", (Finding(what, why, "systemctl enable --now certbot.timer"),))
    if result not in ("success", "unknown"):
        what = f"the last renewal of certificates failed ({result})"
        return Result(
            "renewal", "", (Finding(what, why, "certbot renew   # says why; journalctl -u certbot, too"),)
        )
    if int(last) and seen.now - int(last) > 3 * DAY:
        what = (
            f"nobody has looked for certificates to renew for {amount((seen.now - int(last)) // DAY, 'day')}"
        )
        return Result("renewal", "", (Finding(what, why, "systemctl restart certbot.timer"),))
    if not int(last):
        return Result("renewal", "waits for its first time")
    ended = "went well" if result == "success" else "how it went is not known"
    return Result("renewal", f"{amount((seen.now - int(last)) // 3600, 'hour')} ago, {ended}")


def backups(seen: Evidence, config: Config, here: FromHere) -> Result:
    """How old the newest archive of each name is, in each place that can be seen from here."""
    wanted = sorted({*seen.lines.get("backed_up", []), *backed_up(config)})
    if not wanted:
        return Result("backups", findings=(*of_nothing(config),))
    late = {name: late_backup(seen, name, here.at_home) for name in wanted}
    found = [*upkeep.key_of_backups(seen, config), *(each for every in late.values() for each in every)]
    at_home = (newest.timestamp() for name, newest in (here.at_home or {}).items() if name in late)
    oldest = min([*at_home, *(float(seen.backups.get(name, 0)) for name in wanted)])
    hours = int((seen.now - oldest) // 3600)
    where = " on the server" + (" and at home" if here.at_home is not None else "")
    return Result(
        "backups",
        f"{amount(len(wanted), 'name')}, none older than {amount(hours, 'hour')}{where}",
        tuple(found),
    )


def of_nothing(config: Config) -> Iterator[Finding]:
    """What would be lost with the server where no backups are made."""
    if config.backups is None and (names := worth_keeping(config)):
        yield Finding(
            f"nothing is backed up of {', '.join(sorted(names))}",
            "what people have written there is on this server alone",
            "backups: {recipient: backup-key.asc}   # in sites.yaml; how: deploy docs backups",
            serious=False,
        )


def late_backup(seen: Evidence, name: str, at_home: Mapping[str, datetime] | None) -> list[Finding]:
    """Where the newest archive of a name is too old, or missing; at home, if that is this machine."""
    found = [*upkeep.ages(seen, [name])]
    told = late_copy(seen, name, at_home, "at home")
    mend = "deploy backup --pull   # at home"
    return [*found, Finding(told, "with the server it would be lost", mend)] if told else found


def late_copy(seen: Evidence, name: str, there: Mapping[str, datetime] | None, where: str) -> str:
    """What is wrong with the newest archive of a name where they come later; None: nobody knows."""
    newest = (there or {}).get(name)
    if there is None or (newest and seen.now - newest.timestamp() <= LATE_AT_HOME.total_seconds()):
        return ""
    if newest is None:
        return f"{name} has no backup {where}"
    return f"the newest backup of {name} {where} is {int((seen.now - newest.timestamp()) // 3600)} hours old"


def mirrors(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Mirrors whose last push failed, or that are not pushed any more."""
    if not (line := seen.one("mirrors")):
        return Result("mirrors")
    try:
        every = read_mirrors(line)
    except (ValueError, TypeError, LookupError):
        return Result("mirrors")
    found = []
    for each in every:
        if fault := _fault(each, seen.now):
            found.append(
                Finding(
                    f"{each.repository} is not mirrored to {each.mirror}: {fault}",
                    each.words or "the other side is not as this one",
                    f"deploy mirrors {each.site}   # pushes now, and says what is wrong",
                )
            )
    return Result("mirrors", f"{amount(len(every), 'mirror')} pushed", tuple(found))


def _fault(mirror: Mirror, now: int) -> Fault:
    """As Gitea itself knows it: the other side was not asked."""
    if mirror.there in ("ours", "by-hand") and mirror.said:
        return fault_of(mirror.said)
    late = mirror.interval > 0 and now - max(mirror.pushed, mirror.made) > 2 * mirror.interval + 3600
    return mirror.fault(now) or (Fault.LATE if late and mirror.there == "ours" else Fault.NONE)
