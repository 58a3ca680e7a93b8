"""Programs of the server itself that are older than what their makers still mend; pure."""

from collections.abc import Iterator

from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.config.model import Config
from deployer.kinds.gitea import Gitea
from deployer.values.program import numbers


def forges(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Gitea or Forgejo that lacks a patch, or gets none any more, by what was known when this was written."""
    for name, site in config.sites.items():
        if not isinstance(site, Gitea):
            continue
        running, known = numbers(site.version), sorted(map(numbers, site.newest))
        lines = {patch[:2]: patch for patch in known}
        newest = ".".join(map(str, lines.get(running[:2], known[-1])))
        if running[:2] not in lines and running < known[-1]:
            what, why = "gets no patches any more", "holes that become known stay in it"
        elif running[:2] in lines and running < lines[running[:2]]:
            what, why = f"lacks the patches up to {newest}", "the holes that they mend are public"
        else:
            continue
        yield Finding(
            f"{site.program.capitalize()} {site.version} of {name} {what}",
            why,
            f"version: {newest}   # in sites.yaml, with its sha256:; then deploy apply",
        )
