"""PHP that nobody mends any more, or that tells visitors what is wrong with it; pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.config.model import Config
from deployer.seen.releases import RELEASES
from deployer.values.program import numbers

ENDS = {
    "7.4": date(2022, 11, 28),
    "8.0": date(2023, 11, 26),
    "8.1": date(2025, 12, 31),
    "8.2": date(2026, 12, 31),
    "8.3": date(2027, 12, 31),
    "8.4": date(2028, 12, 31),
    "8.5": date(2029, 12, 31),
}
"""The last day of security updates of each version, as https://www.php.net/supported-versions.php has it."""


def versions(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Versions out of support, but that of a distribution, which mends its own for as long as it lives."""
    own = {release.php for release in RELEASES.values() if release.codename == seen.one("codename")}
    today = datetime.fromtimestamp(seen.now, UTC).date()
    for version in sorted({*seen.lines.get("php", [])} - own):
        end = ENDS.get(version)
        if (end and today > end) or (end is None and is_older(version)):
            yield Finding(
                f"PHP {version} gets no security updates any more{f', since {end}' if end else ''}",
                "its holes are public, and every site that runs on it has them",
                "version: of its sites in sites.yaml, or none for the distribution's; then apt-get remove "
                f"php{version}-fpm",
            )


def is_older(version: str) -> bool:
    """Whether a version is from before those that are known here."""
    return numbers(version) < min(map(numbers, ENDS))


def errors(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Where PHP shows visitors what goes wrong."""
    for place in sorted({*seen.lines.get("php_shows", [])}):
        yield Finding(
            f"PHP shows its errors to visitors: display_errors in {place}",
            "they tell paths, queries and at times passwords to whoever makes a page fail",
            "display_errors: false below settings: of the site in sites.yaml, or off in that file",
        )
