"""deploy watch: on the home server, ask as visitors do, and tell once what has changed."""

from pathlib import Path

import click

from deployer.commands._options import config_option, json_option, yes_option

AIM = "safety"


@click.command(short_help="At home: ask as visitors do, and tell what has changed.")
@click.option("--install", is_flag=True, help="Make rounds by a timer, on this machine.")
@click.option("--uninstall", is_flag=True, help="Take that timer away.")
@config_option
@json_option
@yes_option
def command(config: Path, install: bool, uninstall: bool, as_json: bool, yes: bool) -> int:
    """Make a round: ask every site as a visitor does, and the server how it is; tell once what has changed.

    It is for a machine that is not the server, such as the one that keeps the backups. Sites are asked for by
    the DNS, at each address, with the certificate verified. What is not well in two rounds is told to
    `watch.notify` of sites.yaml, once, and once more when it is well again. The exit code is 1 when
    something is not well.

    \b
    Example:
      deploy watch
      deploy watch --install        make a round every five minutes
      deploy watch --json | jq -r '.troubles[].what'
    """
    from deployer.config.loader import load
    from deployer.errors import UsageError
    from deployer.home.watch import look, section_of

    if install and uninstall:
        raise UsageError("--install and --uninstall do not go together", "Run one after the other")
    loaded = load(config)
    if install or uninstall:
        from deployer.commands._home import settle
        from deployer.home.jobs import of_watch

        return settle(of_watch(section_of(loaded) if install else None), config, as_json, yes)
    from deployer.report import say
    from deployer.report.watch import show_json, show_seen

    seen = look(loaded)
    if seen is None:
        say("another round is being made")
        return 0
    (show_json if as_json else show_seen)(seen)
    return 1 if seen.troubles else 0
