"""Turn the shield of a site on or off: its records from here, all else by the server's own program."""

from collections.abc import Callable, Mapping
from threading import Thread

from deployer.config.model import Config
from deployer.errors import DeployError
from deployer.kinds.base import Site
from deployer.kinds.entry import Entry
from deployer.outside.beside import side_by_side
from deployer.outside.shield import UNDER_ATTACK, Cloudflare, Names
from deployer.parts.shield import is_on
from deployer.planning.plan import Plan
from deployer.seen.facts import Facts
from deployer.server.connection import Server
from deployer.tasks import caller
from deployer.tasks.names import tokens_of
from deployer.tasks.push import ask_script, call_script
from deployer.waiting import waiting

MACHINE = ("state ", "former ", "changed ")
"""How lines begin that the server's program says to us, and not to a person."""


def turn_on_as_written(
    server: Server, sites: Mapping[str, Entry], plan: Plan, facts: Facts, line: Callable[[str], None]
) -> bool:
    """Close those with `shield: on`, whose records lead to Cloudflare by now; whether it holds."""
    done = True
    for name, site in sites.items():
        if not isinstance(site, Site) or site.shielded != "on" or is_on(name, facts) or name in plan.held:
            continue
        records = [each for each in plan.records if each.site == name]
        grey = {one.name for each in records for one in each.before if not one.proxied}
        told = ["--zone", records[0].zone.name, "--changed", " ".join(sorted(grey))] if records else []
        for step in (["begin", *told], ["end"]):
            arguments = ["on", "--by", caller(), "--step", *step]
            if not call_script(server, "shield", line, name, *arguments):
                done = False
                break
    return done


class Switch:
    """The shield of one site; what its names lead to is read while we log in."""

    def __init__(self, config: Config, domain: str, turning_on: bool, under_attack: bool = False) -> None:
        assert config.dns
        site = config.sites[domain]
        self.domain = domain
        self._names = (domain, *site.aliases)
        self._turning_on, self._under_attack = turning_on, under_attack
        keys = {config.dns.keeper_of(name.removeprefix("*.")) for name in self._names}
        keepers = {key: config.dns.keepers[key] for key in keys if key is not None}
        self._cloudflare = Cloudflare(keepers, tokens_of(keepers))
        self._read: Names | str = ""
        self._reading = Thread(target=self._look, daemon=True)
        self._reading.start()

    def _look(self) -> None:
        call = (self._cloudflare.read, self._names, self._turning_on, self._under_attack)
        (self._read,) = side_by_side([call])

    def _seen(self) -> Names:
        with waiting("asking Cloudflare"):
            self._reading.join()
        if isinstance(self._read, str):
            raise DeployError(self._read.removesuffix("."))
        return self._read

    def turn_on(self, server: Server, line: Callable[[str], None]) -> bool:
        """Stand before the site, and let nobody else in; whether all of it holds, or nothing has changed."""
        there = self._seen()
        told = ["--zone", there.zone.name, "--former", there.level, "--changed", " ".join(there.grey)]
        was_on = "state on" in self._ask(server, line, "on", *told)
        changing = there.grey
        try:
            if self._under_attack:
                self._cloudflare.set_level(there.zone, UNDER_ATTACK)
            self._cloudflare.proxy(there, self._names, True)
        except DeployError as error:
            self._take_back(server, line, there, changing, was_on, error)
            raise
        line(f"✓ records of {self.domain} lead to Cloudflare")
        if call_script(server, "shield", line, self.domain, "on", "--step", "end", "--by", caller()):
            return True
        if not was_on:
            self._take_back(server, line, there, changing, was_on)
        return False

    def _take_back(
        self,
        server: Server,
        line: Callable[[str], None],
        there: Names,
        changing: tuple[str, ...],
        was_on: bool,
        why: DeployError | None = None,
    ) -> None:
        """Put back what may have been changed at Cloudflare, and forget it on the server."""
        try:
            if there.level and there.level != UNDER_ATTACK and not was_on:
                self._cloudflare.set_level(there.zone, there.level)
            if changing:
                self._cloudflare.proxy(there, changing, False)
        except DeployError as error:
            if why is None or why.line != error.line:
                line(f"✗ it is half done, for {error.line} deploy shield {self.domain} on ends it, or off")
                return
            line(f"! deploy shield {self.domain} off undoes what may have been changed all the same")
            return
        if not was_on:
            self._ask(server, lambda said: None, "off", step="end")
        line(f"✗ {self.domain} is as it was")

    def turn_off(self, server: Server, line: Callable[[str], None]) -> bool:
        """Let everybody in, and have its names lead here, as far as that was so before."""
        there = self._seen()
        said = self._ask(server, line, "off")
        words = dict(each.split(" ", 1) for each in said if " " in each)
        changed = words["changed"].split() if "changed" in words else self._names
        self._cloudflare.proxy(there, changed, False)
        line(f"✓ records of {self.domain} lead here")
        if level := words.get("former"):
            self._cloudflare.set_level(there.zone, level)
            line(f"✓ security level of {there.zone.name}: {level}")
        return call_script(server, "shield", line, self.domain, "off", "--step", "end", "--by", caller())

    def _ask(
        self, server: Server, line: Callable[[str], None], state: str, *more: str, step: str = "begin"
    ) -> list[str]:
        """One step of the server's program: its lines for people are told, those for us returned."""
        said = ask_script(server, "shield", self.domain, state, "--step", step, "--by", caller(), *more)
        lines = said.split("\n")
        for each in lines:
            if each and not each.startswith(MACHINE):
                line(each)
        return [each for each in lines if each.startswith(MACHINE)]
