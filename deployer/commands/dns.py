"""deploy dns: the DNS records of sites.yaml, without the rest."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, json_option, yes_option

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.tasks.names import Names

AIM = "change"


@click.command(short_help="Make the DNS records as sites.yaml says, and nothing else.")
@config_option
@json_option
@yes_option
@click.option(
    "--list", "as_list", is_flag=True, help="Only list all records of the zones, and whose they are."
)
@click.option("--force", is_flag=True, help="Change more than a third of a zone.")
def command(config: Path, as_json: bool, yes: bool, as_list: bool, force: bool) -> int:
    """Show what would change of the DNS records, ask, and do it; the server is only asked for its address.

    Not written are those of sites that an apply would leave as they are: that alone knows.
    With --list or --json nothing is changed. The exit code is 1 where a zone could not be read or changed.

    \b
    Example:
      deploy dns
      deploy dns --list
      deploy dns --json | jq '.zones[].records[] | select(.ours | not)'
    """
    from deployer.commands._elsewhere import left_out, names_of
    from deployer.config.loader import load
    from deployer.errors import UsageError
    from deployer.report import data
    from deployer.report.records import as_json as names_as_json
    from deployer.report.records import zone_lines

    loaded = load(config)
    if words := left_out(loaded, "dns"):
        raise UsageError(words, "Use the sites.yaml of the real server.")
    names = names_of(loaded)
    if names is None:
        raise UsageError("there is no dns: in sites.yaml", "What it is: deploy docs dns")
    if as_json:
        data(names_as_json(names.seen.zones, names.seen.failures, names.server))
    elif as_list:
        data("\n".join(zone_lines(names.seen.zones, names.seen.failures, names.server)))
    else:
        return change(loaded, names, yes, force)
    return 1 if names.seen.failures else 0


def change(config: "Config", names: "Names", yes: bool, force: bool) -> int:
    """Show what would change, ask unless told not to, and do it; the exit code."""
    from deployer.commands._interrupted import telling
    from deployer.commands._refusals import refuse_much
    from deployer.errors import DeployError
    from deployer.planning.plan import Plan
    from deployer.planning.wanted_records import leading
    from deployer.report import confirm, say
    from deployer.report.changes import show_plan
    from deployer.seen.facts import Facts
    from deployer.shares.question import Question
    from deployer.tasks import server_of
    from deployer.tasks.observe import observe

    assert config.dns
    known = bool(config.dns.address) or not any(leading(config))
    with nullcontext() if known else server_of(config) as server:
        facts = observe(server, [Question("look", "dns")]).facts if server else Facts("", "")
    plan = names.planned(Plan(), facts, None, shields=False)
    show_plan(plan, names.server, full=True)
    if not plan.empty:
        refuse_much(plan, force)
        if not yes and not confirm("Change these records?"):
            raise DeployError("nothing was changed")
    with telling(lambda: "records that were being written may be changed. What is left: deploy dns"):
        return 0 if names.write_rest(plan, True, say) else 1
