"""What should have been done meanwhile: updates, renewals, backups; pure."""

from collections.abc import Iterable, Iterator

from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.backups.archives import FRESH
from deployer.config.model import Config
from deployer.parts.backups import backed_up
from deployer.seen.packaging import other_release, read_packaging, unfinished
from deployer.values.quantities import amount

DAY = 86400
FEW_DAYS = 14


def defences(seen: Evidence, config: Config) -> Iterator[Finding]:
    """What should be running and is not."""
    if seen.one("ufw") != "active":
        yield Finding(
            "the firewall is off",
            "every program that listens can be reached by everyone",
            "deploy apply" if config.security.firewall else "security.firewall: true   # in sites.yaml",
        )
    if seen.one("fail2ban") != "active":
        yield Finding(
            "fail2ban is not running",
            "nobody is shut out, however many passwords they try",
            "systemctl enable --now fail2ban"
            if config.security.fail2ban
            else "security.fail2ban: true   # in sites.yaml",
            serious=bool(config.security.fail2ban),
        )
    for path in seen.lines.get("edited", []):
        yield Finding(
            f"{path} was edited by hand",
            "it is not as sites.yaml says",
            "deploy plan   # shows the difference",
            serious=False,
        )


def logs(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Containers whose words fill the disk in the end."""
    if names := sorted(name.lstrip("/") for name in seen.lines.get("endless", [])):
        yield Finding(
            f"the logs of {', '.join(names)} have no limit",
            "in the end they fill the disk",
            'logging: {options: {max-size: 10m, max-file: "3"}}   # in the compose file; or log-opts '
            "for all in /etc/docker/daemon.json, for containers that are made after it",
            serious=False,
        )


def services(seen: Evidence, config: Config) -> Iterator[Finding]:
    """What shall run in containers and does not."""
    for line in seen.lines.get("unwell", []):
        name, _, why = line.partition(" ")
        if name == "*":
            yield Finding(
                f"not all services were seen: {why}", "one may be down", "deploy status   # looks again"
            )
            continue
        yield Finding(
            f"{name}: {why}",
            "whoever needs it does without, visitors or other programs",
            f"deploy logs {name}   # says why; deploy apply brings it up",
        )
    for line in seen.lines.get("stopped", []):
        name, _, by = line.partition(" ")
        yield Finding(
            f"{name} is stopped on purpose, {by}",
            "nobody starts it again by himself",
            f"deploy start {name}",
            serious=False,
        )


def updates(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Security updates that wait, and a restart that they want."""
    if waiting := sorted(seen.lines.get("upgrade", [])):
        more = f" and {len(waiting) - 5} more" if len(waiting) > 5 else ""
        yield Finding(
            f"security updates wait: {', '.join(waiting[:5])}{more}",
            "their holes are public",
            "apt-get update && unattended-upgrade",
        )
    if "reboot" in seen.lines:
        packages = seen.one("reboot")
        yield Finding(
            f"the server wants a restart{f' for {packages}' if packages else ''}",
            "until then the old version runs",
            "reboot   # or in sites.yaml: security.updates.reboot: '04:30'",
            serious=False,
        )
    if seen.one("daily") in ("", "0"):
        yield Finding(
            "no security updates are installed by themselves",
            "a hole is used within hours of its becoming known",
            "deploy apply" if config.security.updates else "security.updates: true   # in sites.yaml",
            serious=bool(config.security.updates),
        )
    elif seen.now - int(seen.one("lists") or seen.now) > 4 * DAY:
        yield Finding(
            f"nobody has looked for updates for {(seen.now - int(seen.one('lists'))) // DAY} days",
            "the daily job does not run",
            "systemctl enable --now apt-daily.timer apt-daily-upgrade.timer",
        )


def packaging(seen: Evidence, config: Config) -> Iterator[Finding]:
    """What apt and dpkg are in the middle of, and sources of another release."""
    state = read_packaging(seen.lines)
    end = "dpkg --configure -a && apt-get install --fix-broken"
    for what in unfinished(state):
        yield Finding(
            what,
            "what is half installed may not start, and no update comes before it is done",
            "wait until it is done" if state.at_work else end,
            serious=not state.at_work,
        )
    for what in other_release(state, seen.one("codename")):
        yield Finding(
            what,
            "what is installed now brings parts of the other release along",
            "apt-get update && apt-get full-upgrade   # or the sources as they were",
            serious=False,
        )


def nginx(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Files with which NGINX would not start again."""
    if words := seen.one("nginx_refuses"):
        yield Finding(
            f"NGINX refuses its files: {words}",
            "it goes on as it is, without renewed certificates, and would not start after a reboot",
            "nginx -t   # names the file; deploy plan tells what an apply mends",
        )


def certificates(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Certificates that end soon."""
    for name, end in seen.certificates.items():
        days = (end - seen.now) // DAY
        if days < FEW_DAYS:
            state = "has expired" if days < 0 else f"expires in {amount(days, 'day')}"
            site = config.sites.get(name)
            own = bool(site and site.certificate.own)
            why = "nobody renews it" if own else "it should have been renewed by now"
            mend = "deploy apply   # with the next one" if own else f"certbot renew --cert-name {name}"
            yield Finding(
                f"the certificate {name} {state}",
                f"browsers refuse the site then, and {why}",
                mend,
                serious=name in config.sites,
            )


def key_of_backups(seen: Evidence, config: Config) -> Iterator[Finding]:
    """A key that has expired."""
    for kind, validity, end in seen.gpg:
        if validity in "er" or 0 < end < seen.now:
            what = "key" if kind == "pub" else "subkey"
            end_of_it = "is revoked" if validity == "r" else "has expired"
            yield Finding(
                f"the {what} that backups are encrypted for {end_of_it}",
                "GPG refuses to encrypt for it: no backup can be made",
                "gpg --quick-set-expire FINGERPRINT 2y, export it beside sites.yaml, and deploy apply",
            )


def backups(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Backups that were not made."""
    yield from ages(seen, backed_up(config))


def ages(seen: Evidence, names: Iterable[str]) -> Iterator[Finding]:
    """Which of these have no archive that is new enough."""
    for name in names:
        newest = seen.backups.get(name, 0)
        if seen.now - newest > FRESH.total_seconds():
            hours = (seen.now - newest) // 3600
            yield Finding(
                f"the newest backup of {name} is {hours} hours old" if newest else f"{name} has no backup",
                "what has changed since would be lost with the server",
                f"deploy backup {name}",
            )
