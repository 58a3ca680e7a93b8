"""What visitors of a site get, address by address, and what is wrong with that; pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from deployer.config.suggestions import suggest
from deployer.seen.site_health import answers_well
from deployer.values.quantities import amount
from deployer.watching.trouble import Trouble

FEW_DAYS = 14
BY_TIME = ("certificate has expired", "certificate is not yet valid")
"""What OpenSSL says of a certificate that is judged by this machine's clock."""


@dataclass(frozen=True, slots=True)
class Target:
    """A name that visitors use: `http` or `https`, the path that is asked for, and whose site it is."""

    name: str
    scheme: str
    path: str
    site: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a name at one of its addresses, none where it has none.

    `days` is how long the certificate lasts, `fault` what is wrong besides the status. `nowhere`: there is no
    way to such an address from here, as without IPv6, or without a network at all.
    """

    name: str
    address: str
    status: int = 0
    seconds: float = 0
    days: int | None = None
    fault: str = ""
    nowhere: bool = False

    @property
    def wrong(self) -> str:
        """What is wrong with it; nothing when all is well."""
        return self.fault or ("" if answers_well(self.status) else f"answers {self.status}")


def is_offline(visits: Collection[Visit]) -> bool:
    """Whether this machine has no network: nothing that was asked could be, whatever it was."""
    return bool(visits) and all(visit.nowhere for visit in visits)


def troubles(visits: Iterable[Visit], targets: Iterable[Target]) -> Iterator[Trouble]:
    """What is wrong for visitors: one trouble for each name, and one for each certificate that ends soon."""
    of = {target.name: target.site for target in targets}
    for name, every in _by_name(visits).items():
        counted = [visit for visit in every if not visit.nowhere] or every
        wrong = [visit for visit in counted if visit.wrong]
        if wrong:
            yield Trouble(f"visit {name}", _told(name, wrong, len(counted)), of.get(name, name))
        days = min((visit.days for visit in counted if visit.days is not None), default=None)
        if days is not None and days < FEW_DAYS:
            what = f"the certificate of {name} ends in {amount(days, 'day')}, as visitors get it"
            yield Trouble(f"ends {name}", what, of.get(name, name))


def is_by_clock(trouble: Trouble) -> bool:
    """Whether it may be a wrong clock's: where two differ, no certificate is judged from here."""
    return trouble.key.startswith("ends ") or any(words in trouble.what for words in BY_TIME)


def of_nobody(words: Iterable[str], ignored: Iterable[str], targets: Iterable[Target]) -> tuple[str, ...]:
    """What sites.yaml says of pages that the server has not: nobody would ask for them."""
    there = {target.name for target in targets}
    named = [*(("words", name) for name in words), *(("ignore", name) for name in ignored)]
    return tuple(
        f"watch.{key}: the server has no site '{name}'{suggest(name, there)}"
        for key, name in named
        if name not in there
    )


def _by_name(visits: Iterable[Visit]) -> Mapping[str, list[Visit]]:
    found: dict[str, list[Visit]] = {}
    for visit in visits:
        found.setdefault(visit.name, []).append(visit)
    return found


def _told(name: str, wrong: Sequence[Visit], asked: int) -> str:
    """With the addresses where it is not the same at all of them."""
    if len(wrong) == asked:
        return f"{name} {wrong[0].wrong}"
    return f"{name} {wrong[0].wrong} at {', '.join(visit.address for visit in wrong)}, and is well elsewhere"
