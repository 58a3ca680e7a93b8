"""Bring a server to what sites.yaml says: packages, files, certificates, and the files that need those."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from deployer.config.model import Config
from deployer.files import make
from deployer.parts.undo import own_version
from deployer.planning.comparing import make_plan
from deployer.planning.desired import Desired, questions_of
from deployer.planning.failing import failed_before, left, with_tried, with_tried_again
from deployer.planning.installing import missing_packages
from deployer.planning.name_moves import (
    NameMove,
    before_moves,
    keeping_old,
    losing_nothing,
    name_moves,
    that_lost,
)
from deployer.planning.newer import because_newer, not_shown
from deployer.planning.obstacles import require_no_newer
from deployer.planning.plan import Order, Plan
from deployer.planning.renamed_sites import renamed_sites
from deployer.planning.renames import env_files_of_renamed
from deployer.planning.stages import at_once, in_the_end
from deployer.planning.takeovers import takeovers
from deployer.seen.facts import Facts
from deployer.seen.failures import Failure
from deployer.seen.observation import Observation
from deployer.server.connection import Server
from deployer.shares.question import Question
from deployer.tasks.apply import transact
from deployer.tasks.asking import Asking
from deployer.tasks.certificates import issue
from deployer.tasks.observe import observe
from deployer.tasks.secrets import in_scope, those_kept, values_in_scope, with_all_values
from deployer.tasks.sending import unsendable
from deployer.values.secrets import Secret

if TYPE_CHECKING:
    from deployer.tasks.monitors import Monitors
    from deployer.tasks.names import Names


@dataclass
class Convergence:
    """One run of `deploy plan` or `deploy apply` for the sites in scope (None: all).

    `line` gets what the server says, `show` a plan before it is done. `names` and `monitors` are elsewhere.
    """

    server: Server
    config: Config
    scope: Collection[str] | None
    line: Callable[[str], None]
    show: Callable[[Plan], None]
    wait: bool = False
    names: "Names | None" = None
    asking: Asking | None = None
    monitors: "Monitors | None" = None
    _again: Mapping[str, Failure] | None = field(default=None, init=False, repr=False)
    _rendered: tuple[Facts, Desired] | None = field(default=None, init=False, repr=False)

    @cached_property
    def values(self) -> dict[Secret, str]:
        """Those of the secrets that come from here, for what is in scope."""
        return values_in_scope(self.config, self.scope)

    @cached_property
    def _asking(self) -> Asking:
        return self.asking or Asking(self.config)

    def look(self) -> Observation:
        """The server as it is, with every file that may be wanted there."""
        asking = self._asking
        seen = observe(self.server, asking.first, asking.later, lambda: make(asking.guessed.files))
        require_no_newer(seen, self.server.host, own_version())
        # known only now: a path or unit that depends on the release or on a version, and what is missing
        wanted = self._in_the_end(seen.facts)
        renamed = (Question("secrets", path) for path in env_files_of_renamed(wanted, seen))
        asked = asking.first | asking.later
        forgotten = {*questions_of(wanted), *renamed} - asked
        forgotten |= {Question("install", package) for package in missing_packages(wanted, seen.facts)}
        return observe(self.server, asked | forgotten) if forgotten else seen

    def plan(self, seen: Observation) -> Plan:
        """All that would change in the end."""
        every = self._in_the_end(seen.facts)
        desired = every if self.scope is None else in_the_end(self.config, seen.facts, self.scope)
        plan = self._make_plan(desired, seen, every.files)
        why = because_newer(
            plan.changes, seen.facts, lambda facts: in_the_end(self.config, facts, self.scope).files
        )
        moves = name_moves(self.config, seen, self.scope)
        kept = those_kept(in_scope(self.config, self.scope), plan.held)
        notes = (*why, *plan.notes, *renamed_sites(self.config, seen, self.scope), *map(str, moves))
        plan = replace(plan, notes=notes, pressing=(*plan.pressing, *kept))
        plan = self.names.planned(plan, seen.facts, self.scope) if self.names else plan
        return self.monitors.planned(plan, self.scope) if self.monitors else plan

    def differs(self, name: str, seen: Observation) -> bool:
        """Whether a file of the entry is otherwise on the server; for that no secret has to be known."""
        desired, acme = self._in_the_end(seen.facts), self.config.acme.directory
        return any(change.site == name for change in make_plan(desired, seen, acme, self.scope).changes)

    def apply(self, plan: Plan, seen: Observation) -> bool:
        """Carry out the plan; whether everything in it is live. Raises DeployError when nothing is."""
        done = replace(plan, records=(), monitors=()).empty or self._apply(plan, seen)
        done = self.names.write_rest(plan, done, self.line) if self.names else done
        return (not self.monitors or self.monitors.write(plan, self.line)) and done

    def _apply(self, plan: Plan, seen: Observation) -> bool:
        """What of it is the server's own, with the records that certificates wait for."""
        prepared, installed = True, bool(plan.packages or plan.hugo)
        if plan.interrupted or plan.packages or plan.hugo:
            ground = Plan(packages=plan.packages, upgrades=plan.upgrades, hugo=plan.hugo)
            prepared = self._transact(replace(ground, sources=plan.sources))
            seen = self.look()
            cause = "packages installed" if installed else "interrupted apply undone"
            shown, plan = plan, self.plan(seen)
            self._show_what_is_new(shown, plan, cause)
        done = prepared & self._transact(possible := self._possible(seen), earlier=installed)
        moves = name_moves(self.config, seen, self.scope)
        if orders := tuple(losing_nothing(plan.certificates, moves, seen)):
            if (more := len(plan.changes) - len(possible.changes)) > 0:
                self.line(f"  {more} more of the files come with the certificates")
            if self.names:
                done &= self.names.write_first(plan, orders, self.line)
            done &= self._issue(orders)
            seen = self.look()
            done &= self._transact(rest := self._possible(seen), earlier=True)
            self._tell_who_waits(rest, plan)
        if moves:
            done &= self._end_moves(moves)
        return done and not plan.held

    def _end_moves(self, moves: Collection[NameMove]) -> bool:
        """Let the old sites go of the names that the new ones serve now; whether all have moved."""
        seen = self.look()
        waiting = name_moves(self.config, seen, self.scope)
        done = self._transact(self._possible(seen), earlier=True) and not waiting
        for move in waiting:
            self.line(f"✗ {move.why_not}.")
        seen = self.look()
        orders = that_lost(self.plan(seen).certificates, moves, seen)
        return (not orders or self._issue(orders)) and done

    def _issue(self, orders: Sequence[Order]) -> bool:
        return issue(self.server, orders, self.config, self.line, self.names.fresh if self.names else ())

    def _tell_who_waits(self, rest: Plan, plan: Plan) -> None:
        """Name those that were not done as others have no certificate; the plan has told of the rest."""
        for name, reason in rest.held.items():
            if name not in plan.held:
                self.line(f"✗ {name} stays as it was: {reason}.")

    def _show_what_is_new(self, shown: Plan, plan: Plan, cause: str) -> None:
        """Show what differs from the plan that was shown, now that the server is another."""
        if news := not_shown(shown, plan):
            self.line(f"! With the {cause}, these files turn out otherwise:")
            self.show(replace(plan, changes=news))

    def _possible(self, seen: Observation) -> Plan:
        """What can change now: no file that needs a certificate which is not there."""
        later, moves = self._in_the_end(seen.facts), name_moves(self.config, seen)
        desired = at_once(before_moves(self.config, moves), seen.facts, later, seen.files)
        plan = self._make_plan(keeping_old(desired, moves), seen, later.files)
        return replace(plan, packages=(), upgrades=(), hugo=(), certificates=(), sources=())

    def _in_the_end(self, facts: Facts) -> Desired:
        """What is wanted in the end, rendered once for each look at the server."""
        if self._rendered is None or self._rendered[0] is not facts:
            self._rendered = facts, in_the_end(self.config, facts)
        return self._rendered[1]

    def _make_plan(self, desired: Desired, seen: Observation, later: Collection[str] = ()) -> Plan:
        def make(failures: Mapping[str, Failure]) -> Plan:
            acme, why = self.config.acme.directory, left(failures) | unsent
            plan = make_plan(desired, seen, acme, self.scope, later, self.values, why, hands)
            return with_tried(plan, desired, seen, self.values)

        hands = takeovers(self._in_the_end(seen.facts), seen)
        unsent: dict[str, str] = {}
        plan = make({})
        unsent |= unsendable(plan, desired)
        plan = make({}) if unsent else plan
        failed = failed_before(plan, desired, seen)
        if self._again is None:  # decided once: what the plan shows is what is done
            others = failed and self.scope is None and not (plan.packages or plan.units)
            self._again = {} if others and not make(failed).empty else failed
        again = {name: each for name, each in failed.items() if self._again.get(name) == each}
        not_again = {name: each for name, each in failed.items() if name not in again}
        return with_all_values(with_tried_again(make(not_again) if not_again else plan, again))

    def _transact(self, plan: Plan, earlier: bool = False) -> bool:
        return transact(self.server, plan, self.line, self.wait, self.values, earlier)
