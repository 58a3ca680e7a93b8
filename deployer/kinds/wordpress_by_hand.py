"""A WordPress that was set up by hand: what is known of it, and what to write to go on with it; pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.kinds.pooled import user_of

if TYPE_CHECKING:
    from deployer.kinds.wordpress import Wordpress
    from deployer.seen.by_hand import OldWordpress
    from deployer.seen.facts import Facts


def remark(site: "Wordpress", name: str, facts: "Facts") -> str:
    """What is there, and what becomes of it, or what to write to go on with it; empty if nothing is."""
    served = {root for _, root, names in facts.by_hand.php_roots if name in names}
    wanted = {site.takes_over} if site.takes_over else served
    found = next((each for each in facts.by_hand.wordpress if each.folder in wanted), None)
    if not found:
        return ""
    old = f"a WordPress {found.version} that was set up by hand, its database is {found.database}"
    there = f"{found.folder} has {old}"
    if missing := [*_missing(found, site)]:
        return f"{there}. To go on with it, write {', '.join(missing)}"
    user, beside = user_of(name), f" Nor is this served: {', '.join(found.beside)}." if found.beside else ""
    return (
        f"{there}: it is taken over with its data where it is. {found.folder}/wp-content becomes {user}'s,"
        f" who comes into the database by the socket, without a password; what logins go by moves to"
        f" {site.folder(name)}/salts.php, and is not made anew. The old program is not run any more.{beside}"
    )


def _missing(found: "OldWordpress", site: "Wordpress") -> Iterator[str]:
    """What sites.yaml has to say besides, as far as this is known from here."""
    shall = {
        "takes_over": (site.takes_over, found.folder),
        "database": (site.database, found.database),
        "table_prefix": (site.table_prefix, found.prefix),
    }
    return (f"`{key}: {there}`" for key, (now, there) in shall.items() if now != there)
