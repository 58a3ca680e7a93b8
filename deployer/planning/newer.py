"""Why files change though sites.yaml has not: the server's programs are newer than the files; pure."""

from collections.abc import Callable, Collection, Iterator

from deployer.files import Files, same
from deployer.parts.nginx import DEFAULT_SITE
from deployer.planning.plan import Change, Plan
from deployer.seen.facts import Facts
from deployer.seen.releases import OLDEST_NGINX, OLDEST_OPENSSL, Version

TLS = "/etc/nginx/deploy/tls.conf"
"""It heeds each of these versions, so that it tells which ones it was written for."""


def because_newer(
    changes: Collection[Change], facts: Facts, render: Callable[[Facts], Files]
) -> Iterator[str]:
    """How many of the changes are there only because programs of the server are newer now, and which."""
    before = {change.path: change.before for change in changes if change.before and change.after}
    if TLS not in before:
        return
    nginx, openssl = f"NGINX {_short(facts.nginx_version)}", f"OpenSSL {_short(facts.openssl)}"
    written_for = {
        nginx: facts.having(nginx=OLDEST_NGINX),
        openssl: facts.having(openssl=OLDEST_OPENSSL),
        f"{nginx} and {openssl}": facts.having(nginx=OLDEST_NGINX, openssl=OLDEST_OPENSSL),
    }
    for now, then in written_for.items():
        old = render(then)
        if TLS in old and same(old[TLS], before[TLS]):
            count = sum(path in old and same(old[path], found) for path, found in before.items())
            files = "1 file changes" if count == 1 else f"{count} files change"
            yield f"{files} because the server has {now} now"
            return


def not_shown(shown: Plan, plan: Plan) -> tuple[Change, ...]:
    """The changes that differ from those of the plan that was shown."""
    # a package brings that of the distribution, and nobody wants it
    known = {(DEFAULT_SITE, None), *((change.path, change.after) for change in shown.changes)}
    return tuple(change for change in plan.changes if (change.path, change.after) not in known)


def _short(version: Version) -> str:
    major, minor, _ = version
    return f"{major}.{minor}"
