"""Published sites that go on under another domain; pure."""

from collections.abc import Collection, Iterator

from deployer.config.model import Config
from deployer.kinds.publication import OF_FILES
from deployer.planning.moving import VALUES
from deployer.planning.name_moves import vhost
from deployer.seen.observation import Observation


def renamed_sites(config: Config, seen: Observation, scope: Collection[str] | None = None) -> Iterator[str]:
    """What a person should know of each that the server has under its former name alone."""
    for new, site in sorted(config.of_kind(*OF_FILES).items()):
        old = site.renamed_from
        if not old or (scope is not None and new not in scope):
            continue
        there = f"{VALUES}{old}.conf" in seen.written or vhost(old) in seen.written
        if there and f"{VALUES}{new}.conf" not in seen.written:
            yield (
                f"{new} goes on with what was published of {old}: its releases, caches and deploy key. "
                f"{old} leads there when {new} answers"
            )
