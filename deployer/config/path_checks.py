"""What a site shows as a folder of its own: another site of files, and none that shows it in turn."""

from collections.abc import Iterator

from deployer.config.model import Config
from deployer.config.suggestions import suggest
from deployer.config.wording import Finding
from deployer.kinds.publication import OF_FILES, takes_files


def check_paths(config: Config) -> Iterator[Finding]:
    """Everything that is wrong with `paths:`."""
    for domain, site in config.sites.items():
        for path, inner in site.paths.items():
            if reason := unfit(config, domain, inner):
                yield Finding(("sites", domain, "paths", path), reason)
            elif around := next((each for each in site.paths if path.startswith(f"{each}/")), ""):
                yield Finding(("sites", domain, "paths", path), f"{around} shows another site already")


def unfit(config: Config, domain: str, inner: str) -> str:
    """Why a site cannot show this one; empty when it can."""
    found = config.sites.get(inner)
    if found is None:
        return f"no site '{inner}' here{suggest(inner, [each for each in config.sites if each != domain])}"
    if not takes_files(found):
        return f"{inner} is of kind {found.kind}: what is shown is one of {' or '.join(OF_FILES)}"
    if domain in reached(config, inner):
        return (
            f"{inner} shows {domain} in turn, and so round in a circle"
            if inner != domain
            else "it is this site"
        )
    return ""


def reached(config: Config, start: str) -> set[str]:
    """The site and all that it shows, and what those show."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += config.sites[name].paths.values() if name in config.sites else ()
    return found
