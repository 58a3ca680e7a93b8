"""HTTPS, further names, and lines of NGINX: what every site can have."""

from collections.abc import Iterator

from vps.walk.ground import DOMAINS
from vps.walk.vocabulary import Arguments, step
from vps.walk.walk import Walk

WWW = tuple(f"www.{domain}" for domain in DOMAINS)
HEADER = "add_header X-Walk here;"
REFUSED = {"blamed": "nobody_knows this;", "unblamed": "limit_req zone=nobody_made_it;"}
"""Lines that NGINX refuses: with the file that has it in its words, and without."""


def sites(walk: Walk) -> list[str]:
    """The names in sites.yaml that are domains."""
    return [name for name in walk.wanted if "." in name]


@step(2, lambda walk: ((name,) for name in sites(walk)))
def https(walk: Walk, name: str) -> None:
    """It gets a certificate, or has none any more."""
    walk.change(name, https=not walk.wanted[name].https)


def aliases(walk: Walk) -> Iterator[Arguments]:
    """A site, and a name that nothing has."""
    taken = {alias for entry in walk.wanted.values() for alias in entry.aliases}
    free = [name for name in (*walk.free_names(), *WWW) if "." in name and name not in taken]
    yield from ((name, alias) for name in sites(walk) for alias in free)


@step(1.5, aliases)
def alias(walk: Walk, name: str, alias: str) -> None:
    """Another name leads to it."""
    walk.change(name, aliases=(*walk.wanted[name].aliases, alias))


@step(1, lambda walk: ((name,) for name in sites(walk) if walk.wanted[name].aliases))
def no_alias(walk: Walk, name: str) -> None:
    """It has no other names any more."""
    walk.change(name, aliases=())


@step(0.5, lambda walk: ((name,) for name in sites(walk)))
def header(walk: Walk, name: str) -> None:
    """It has a line of NGINX of its own, or none any more."""
    walk.change(name, nginx="" if walk.wanted[name].nginx else HEADER, refused=False)


@step(
    0.5,
    lambda walk: ((name, how) for name in sites(walk) if not walk.wanted[name].refused for how in REFUSED),
)
def spoil(walk: Walk, name: str, how: str) -> None:
    """It has a line that NGINX refuses; `header` takes it away."""
    walk.change(name, nginx=REFUSED[how], refused=True)
