"""What NGINX is otherwise on a server than files and packages say; pure."""

from collections.abc import Collection, Iterator

from deployer.desired.docker import dotted, named, older
from deployer.seen.facts import BROTLI_MODULE, Facts


def nginx_notes(facts: Facts, asked: Collection[str]) -> Iterator[str]:
    """What a person should know of NGINX, for which these packages are asked."""
    if facts.programs.foreign_nginx and BROTLI_MODULE in asked:
        yield (
            f"NGINX {dotted(facts.nginx_version)} is not of the packages of {named(facts)}, whose Brotli "
            "module it cannot load: pages go out with gzip"
        )
    if old := facts.programs.outdated.get("nginx"):
        yield (
            f"NGINX {dotted(facts.nginx_version)} is installed, and {older(old, facts.nginx)} still runs: "
            "the new one takes over when NGINX is reloaded"
        )
