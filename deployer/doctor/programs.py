"""What runs, what has failed, and what gets no updates any more; pure."""

import re
from datetime import UTC, date, datetime

from deployer.audit import php as of_php
from deployer.audit import upkeep
from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.config.model import Config
from deployer.doctor.reach import silent_with_nginx
from deployer.doctor.result import FromHere, Result
from deployer.seen.releases import release_of
from deployer.values.program import numbers
from deployer.values.quantities import amount

JOB = re.compile(r"deploy-job-(.+)-[0-9]+\.service")
DAY = 86400
LONG = 14
SOON = 90
MAINTAINED = 28
"""The oldest Docker that its makers still mended when this was written."""


def running(seen: Evidence, config: Config, here: FromHere) -> Result:
    """What shall run in containers or as units, and does not."""
    found = tuple(upkeep.services(seen, config))
    return Result("services", "" if found else "all run that shall", found)


def units(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Units of systemd that have failed."""
    told = {"nginx.service"} if silent_with_nginx(seen) else set()
    found = tuple(failed(unit) for unit in sorted({*seen.lines.get("failed_unit", [])} - told))
    words = "" if found else "no other has failed" if told else "none has failed"
    return Result("units", words, found)


def failed(unit: str) -> Finding:
    """What one of them is, and what to do."""
    if job := JOB.fullmatch(unit):
        return Finding(
            f"a job of {job[1]} has failed ({unit})",
            "what it does is not done, until it runs again when it is due",
            f"journalctl -u {unit}   # what it said; to run it now: systemctl start {unit}",
        )
    return Finding(
        f"the unit {unit} has failed",
        "what it does is not done, and nothing starts it again",
        f"systemctl status {unit}   # says why; then: systemctl restart {unit}",
    )


def reboot(seen: Evidence, config: Config, here: FromHere) -> Result:
    """A restart that is waited for."""
    if "reboot" not in seen.lines:
        return Result("reboot", "none is waited for")
    days = (seen.now - int(seen.one("reboot_since") or seen.now)) // DAY
    packages = seen.one("reboot")
    what = f"the server wants a restart{f' for {packages}' if packages else ''}"
    return Result(
        "reboot",
        "",
        (
            Finding(
                f"{what}, since {amount(days, 'day')}" if days > 0 else what,
                "until then the old version runs, with the holes that the new one mends",
                "reboot   # or in sites.yaml: security.updates.reboot: '04:30'",
                serious=days > LONG,
            ),
        ),
    )


def packages(seen: Evidence, config: Config, here: FromHere) -> Result:
    """What dpkg has left half done."""
    return Result("packages", "", tuple(upkeep.packaging(seen, config)))


def release(seen: Evidence, config: Config, here: FromHere) -> Result:
    """A release of Debian or Ubuntu that gets no updates any more, or soon."""
    system, _, version = seen.one("release").partition(" ")
    ends = release_of(system, version).ends
    name = f"{system.capitalize()} {version}"
    if not ends:
        return Result("release", name if system else "")
    days = (ends - _today(seen)).days
    if days > SOON:
        return Result("release", f"{name}, with security updates until {ends}")
    what = (
        f"{name} gets no security updates any more, since {ends}"
        if days < 0
        else f"{name} gets security updates until {ends} only"
    )
    why, mend = (
        "its holes stay open, and they are public",
        "deploy docs upgrade-the-server   # how to go on to the next one",
    )
    return Result("release", "", (Finding(what, why, mend, serious=days < 0),))


def docker(seen: Evidence, config: Config, here: FromHere) -> Result:
    """A Docker that its makers mend no more; that of the distribution is the distribution's."""
    version = seen.one("docker")
    if not version:
        return Result("docker")
    if seen.one("docker_of") == "docker.io" or numbers(version)[0] >= MAINTAINED:
        return Result("docker", version)
    finding = Finding(
        f"Docker {version} gets no fixes any more",
        "its holes are public, and every container relies on it",
        "apt-get install docker-ce docker-ce-cli containerd.io   # restarts the containers",
    )
    return Result("docker", version, (finding,))


def php(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Versions of PHP that nobody mends."""
    return Result(
        "php", ", ".join(sorted({*seen.lines.get("php", [])})), tuple(of_php.versions(seen, config))
    )


def _today(seen: Evidence) -> date:
    return datetime.fromtimestamp(seen.now, UTC).date()
