"""A server's health as a table, and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.text import Text

from deployer.report import harmless, out
from deployer.report.table import show_table
from deployer.seen.health import BackupHealth, Health
from deployer.seen.site_health import SiteHealth
from deployer.suggested import with_file
from deployer.values.quantities import amount, gigabytes

FEW_DAYS = 14
KEY_DAYS = 30
FORBIDDEN = 403
REFUSED = (
    "answers 403 to this server, which asks from 127.0.0.1: where its nginx: lines allow only some "
    "addresses, allow that one too"
)
REFUSES = "goes on as it is, and would not start again with its files (deploy plan tells what an apply mends)"
RESTS = "NGINX does not run: no site can answer (on the server: systemctl start nginx)"
GIBIBYTE = 1024 * 1024


def show_health(health: Health, server: str) -> None:
    """Print one line for the server and one row for each site."""
    out.print(_server_line(health, server))
    backups = {backup.name: backup for backup in health.backups}
    rows = [
        (*_row(site), *([_backup(backups.pop(site.domain, None))] if health.backups else []))
        for site in health.sites
    ]
    head = ("site", "answer", "certificate", "live", "since", "by")
    show_table((*head, *(["backup"] if health.backups else [])), rows)
    if health.nginx_rests:
        tell(f"✗ {RESTS}", "bold red")
    for site in health.sites if not health.nginx_rests else ():
        for problem in site.problems:
            tell(f"{site.domain}: {problem}", "bold red")
    for site in health.sites:
        if site.status == FORBIDDEN:
            tell(f"! {site.domain} {REFUSED}", "yellow")
    for why in health.astray.values():
        tell(f"! {why}; its certificate cannot be renewed so", "yellow")
    for name, why in health.unwell.items():
        tell(f"✗ {name}: {why} (deploy logs {name})", "red")
    if health.nginx_refuses:
        tell(f"✗ NGINX {REFUSES}: {health.nginx_refuses}", "red")
    for name, what in health.not_up.items():
        tell(f"✗ {name} is not up: bringing it up {what}; this tries it again: deploy apply {name}", "red")
    for what in health.unfinished:
        tell(what, "yellow")
    for warning in _warnings(health):
        tell(warning, "yellow")
    for backup in backups.values():
        out.print(Text(f"backup of {backup.name}: ").append_text(_backup(backup)))
    for backup in health.backups:
        for warning in backup.warnings:
            tell(f"the last backup of {backup.name}: {warning}", "yellow")
    if health.key_days is not None and health.key_days <= KEY_DAYS:
        out.print(_key_line(health.key_days))


def tell(words: str, style: str) -> None:
    """Print words that a server has had a hand in, with commands as they are to be typed."""
    out.print(Text(harmless(with_file(words)), style=style))


def _warnings(health: Health) -> Iterator[str]:
    """What nobody has pushed, was done last and failed, has too little, and is so on purpose."""
    for name, command in health.waits.items():
        yield with_file(f"! {name} waits for its first push: {command}")
    for name, what in (*health.failed.items(), *health.strained):
        yield f"! {name}: {what}"
    for name, since in health.closed.items():
        yield f"! {name} shows visitors its page of maintenance {since} (deploy maintenance {name} off)"
    for name, by in health.stopped.items():
        yield f"! {name} is stopped on purpose, {by} (deploy start {name})"
    for name, release in health.rolled_back.items():
        yield (
            f"! {name} is rolled back to {release}, with the configuration of then "
            f"(deploy push {name} goes on with the newest, as sites.yaml says)"
        )


def as_json(health: Health, server: str) -> str:
    """The health as one JSON document."""
    sites = [{**asdict(site), "fine": site.fine} for site in health.sites]
    backups = [{**asdict(backup), "fine": backup.fine} for backup in health.backups]
    return json.dumps({"server": server, **asdict(health), "sites": sites, "backups": backups}, indent=2)


def _server_line(health: Health, server: str) -> str:
    total, available = health.memory
    size, free = health.disk
    parts = [
        f"disk {gigabytes(free)} of {gigabytes(size)} GB free",
        f"memory {available / GIBIBYTE:.1f} of {total / GIBIBYTE:.1f} GiB free",
        f"load {health.load:.2f} on {amount(health.cores, 'core')}",
        f"up {_duration(health.uptime)}",
    ]
    return f"{server}: {', '.join(parts)}" + ("; wants a reboot" if health.reboot else "")


def _row(site: SiteHealth) -> tuple[str | Text, ...]:
    answer = f"{site.status} in {site.seconds * 1000:.0f} ms" if site.status else "no answer"
    days = site.certificate_days
    return (
        site.domain,
        _judged(answer, site.fine),
        "–" if days is None else _judged(amount(days, "day"), days > FEW_DAYS and not site.problems),
        _live(site),
        (site.pushed or "–").replace("T", " ").removesuffix("Z"),
        site.by or "–",
    )


def _live(site: SiteHealth) -> str:
    """Its commit; the name of a service's images is no more than the moment that stands beside it."""
    if site.revision:
        return site.revision[:7]
    return "images" if site.release and site.pushed else site.release or "–"


def _backup(backup: BackupHealth | None) -> Text:
    """When it last went well; a dash for what has nothing to back up."""
    if backup is None:
        return Text("–")
    return _judged("never" if backup.hours is None else _ago(backup.hours), backup.fine)


def _ago(hours: float) -> str:
    if hours < 1:
        return "less than an hour ago"
    return amount(int(hours), "hour") + " ago" if hours < 48 else amount(int(hours / 24), "day") + " ago"


def _key_line(days: int) -> Text:
    when = f"expires in {amount(days, 'day')}" if days >= 0 else "has expired"
    return Text(f"the key of the backups {when}: without it there are none", style="bold red")


def _duration(seconds: int) -> str:
    days, hours = seconds // 86400, seconds // 3600
    return amount(days, "day") if days else amount(hours, "hour")


def _judged(text: str, fine: bool) -> Text:
    return Text(text, style="green" if fine else "bold red")
