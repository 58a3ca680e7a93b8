"""What a person has set up beside ours that meets it: passwords, sites, cron lines; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OldWordpress:
    """One that was set up by hand: its folder, version and database, and what else is in that folder."""

    folder: str
    version: str
    database: str
    prefix: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person wrote.

    `passwords` are users who log in by password and have no key. `ipv4_only` has the file and the server
    names of sites that listen on IPv4 alone. `backups` are the files with lines of cron that back something
    up, `builds` has a file of cron and the domain whose folder in /var/www its line writes to. `web_ports`
    says who else listens at the ports of NGINX. `of_before` are the files that name a program where an
    earlier deploy has put it. `php_roots` has the file, the folder and the names of servers that run PHP,
    `php_of_nginx` the folders of /var/www with files of NGINX's user, `old_wiki` how many pages the wiki of
    Debian's package has, `wordpress` each WordPress that was set up by hand. `said_once` has directives that
    NGINX takes once for all servers, and `map`, behind which it takes none that says how large maps may be.
    """

    passwords: frozenset[str] = frozenset()
    ipv4_only: tuple[tuple[str, str], ...] = ()
    backups: tuple[str, ...] = ()
    builds: tuple[tuple[str, str], ...] = ()
    web_ports: tuple[str, ...] = ()
    of_before: tuple[str, ...] = ()
    php_roots: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    php_of_nginx: frozenset[str] = frozenset()
    said_once: frozenset[str] = frozenset()
    old_wiki: int = 0
    wordpress: tuple[OldWordpress, ...] = ()


def read_by_hand(said: Mapping[str, list[str]], written: Iterable[str]) -> ByHand:
    """Understand what observe.sh tells; of NGINX's files those that we did not write."""
    ours = frozenset(written)

    def pairs(name: str) -> Iterator[tuple[str, str]]:
        for line in said.get(name, ()):
            first, _, rest = line.partition(" ")
            yield first, rest.strip()

    return ByHand(
        passwords=frozenset(said.get("password", ())),
        ipv4_only=tuple(pair for pair in pairs("ipv4_only") if pair[0] not in ours),
        backups=tuple(dict.fromkeys(path for path in said.get("own_backup", ()) if path not in ours)),
        builds=tuple(sorted(set(pairs("own_build")))),
        of_before=tuple(sorted({*said.get("of_before", ())} - ours)),
        php_roots=tuple(
            (file, root, tuple(names))
            for file, root, *names in (line.split() for line in said.get("php_root", ()))
            if file not in ours
        ),
        php_of_nginx=frozenset(said.get("php_of_nginx", ())),
        said_once=frozenset(name for path, name in pairs("said_once") if path not in ours),
        wordpress=tuple(
            OldWordpress(folder, version, database, prefix, tuple(beside))
            for line in said.get("old_wordpress", ())
            for folder, version, database, prefix, *beside in [line.split()]
        ),
        old_wiki=int(*said.get("old_wiki", ("0",))[:1]),
        web_ports=tuple(_holder(*line.split(maxsplit=3)) for line in said.get("web_port", ())),
    )


def _holder(port: str, process: str, unit: str, name: str) -> str:
    return f"port {port} is held by {name} (process {process}, {'no unit' if unit == '-' else unit})"
