"""The whole of a sites.yaml on a throwaway VPS: apply, push, look at every page."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import monotonic

from deployer.config.model import Config
from deployer.config.rehearsed import without_real_names
from deployer.config.security import Security
from deployer.config.server import Acme, Server
from deployer.errors import DeployError, UnreachableError
from deployer.kinds.base import Site
from deployer.kinds.publication import is_published
from deployer.rehearsal import names
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.handover import take_back
from deployer.rehearsal.invitation import invite, invite_to_begin
from deployer.rehearsal.machine import Machine
from deployer.report import complain, say
from deployer.report.changes import show_plan
from deployer.report.health import show_health
from deployer.report.progress import Progress
from deployer.report.summary import summary
from deployer.seen.health import Health
from deployer.server.connection import Server as Connected
from deployer.tasks import server_of
from deployer.tasks.converge import Convergence
from deployer.tasks.push import Push, Pushed, push
from deployer.tasks.status import status

WHO = "rehearsal"
ALL = "all"


def perform(config: Config, file: Path, system: str, keep: bool, shown: Progress) -> int:
    """Rehearse the configuration of a file on a fresh VPS; 0 when every site was served, 1 otherwise."""
    with ExitStack() as stack:
        machine, acme = _fresh(stack, config, system, keep, shown)
        config = moved(config, machine, acme)
        began = monotonic()
        fine = _everything(config, shown)
        say(f"{'Rehearsed' if fine else 'The rehearsal failed'} in {monotonic() - began:.1f} s.")
        if keep:
            site = next((domain for domain, site in config.sites.items() if site.https), None)
            invite(file, machine, acme, site)
        return 0 if fine else 1


def prepare(config: Config | None, file: Path, system: str, shown: Progress) -> int:
    """Boot a fresh VPS and leave it empty, for whoever wants to begin there: without a sites.yaml, too."""
    with ExitStack() as stack:
        machine, acme = _fresh(stack, config, system, True, shown)
        invite_to_begin(file, machine, acme)
        return 0


def _fresh(
    stack: ExitStack, config: Config | None, system: str, keep: bool, shown: Progress
) -> tuple[Machine, AcmeServer]:
    """A VPS that the names of the configuration lead to, and its certificate authority."""
    with shown.doing(f"booting a fresh {system}"):
        machine = stack.enter_context(Machine.boot(system, keep=keep, say=shown.line))
        acme = stack.enter_context(AcmeServer.start(machine))
        names.start(machine)
    shown.line(f"✓ {machine.name} is a fresh {system} at {machine.address}")
    machine.add_hosts(dict.fromkeys(names_of(config) if config else (), "127.0.0.1"))
    return machine, acme


def moved(config: Config, machine: Machine, acme: AcmeServer) -> Config:
    """The same configuration for the throwaway VPS and its certificate authority."""
    server = Server(host=machine.address, host_key=machine.host_key, key=str(machine.key))
    authority = Acme(server=acme.directory, ca=acme.ca.read_text())
    here = {"server": server, "acme": authority, "security": possible(config.security)}
    return without_real_names(config.model_copy(update=here))


def possible(security: Security) -> Security:
    """The same without what cannot be on a throwaway VPS: it has no swap, and root is who logs in."""
    ssh = security.ssh.model_copy(update={"root": "keys-only"}) if security.ssh else None
    return security.model_copy(update={"swap": None, "ssh": ssh})


def names_of(config: Config) -> list[str]:
    """Every domain of every site."""
    return [name for domain, site in config.sites.items() for name in (domain, *site.aliases)]


def stop_kept(name: str) -> int:
    """Stop the VPS of this name that was kept, or ALL of them."""
    machines = Machine.kept_machines() if name == ALL else [Machine.attach(name)]
    for machine in machines:
        left = take_back(machine)
        machine.stop()
        say(f"✓ {machine.name} is stopped and removed" + (f"; {left} stays" if left else ""))
    if not machines:
        say("No rehearsal is running.")
    return 0


def _everything(config: Config, shown: Progress) -> bool:
    with server_of(config) as server:
        run = Convergence(server, config, None, shown.line, partial(show_plan, server=server.host))
        seen = run.look()
        plan = run.plan(seen)
        say(summary(plan, server.host))
        applied = _gone_well(partial(run.apply, plan, seen))
        pushed = [_push(server, domain, site, shown) for domain, site in config.sites.items()]
        again = run.plan(run.look())
        say(f"A second apply: {summary(again, server.host)}")
        health = status(server, config.sites)
    show_health(health, "The rehearsal")
    return applied and all(pushed) and again.empty and _served(config, health)


def _push(server: Connected, domain: str, site: Site, shown: Progress) -> bool:
    if not is_published(site):
        return True
    local = (site.repository, site.branch or "") if site.is_local else ("", "")
    return _gone_well(lambda: push(server, Push(domain, WHO, *local), shown.line) is Pushed.DONE)


def _gone_well(step: Callable[[], bool]) -> bool:
    """Whether the step did its work; if not, it is told, and the rehearsal goes on."""
    try:
        return step()
    except UnreachableError:
        raise
    except DeployError as error:
        complain(error)
        return False


def _served(config: Config, health: Health) -> bool:
    # a proxy's service is not on the throwaway VPS: there is 503 right, or 502 without a waiting room
    return all(
        site.fine or (config.sites[site.domain].kind == "proxy" and site.status in (502, 503))
        for site in health.sites
    )
