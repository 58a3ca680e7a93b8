"""deploy notify: prove that whoever is to be told can be told."""

from pathlib import Path

import click

from deployer.commands._options import config_option

AIM = "safety"


@click.command(short_help="Send a test message by each channel of the watch.")
@click.option("--test", is_flag=True, help="Send it.")
@config_option
def command(config: Path, test: bool) -> int:
    """Send a test message by each channel of `watch.notify`, and a heartbeat, and say how that went.

    Run it where the watch runs: an address may stand in the environment there. The exit code is 1 when one of
    them cannot be told.

    \b
    Example:
      deploy notify --test
      set -a; . ./home.env; deploy notify --test    as the timer has it
    """
    from deployer.config.loader import load
    from deployer.errors import UsageError
    from deployer.home import channels
    from deployer.home.watch import section_of
    from deployer.report.watch import show_outcome

    watch = section_of(load(config))
    if not test:
        raise UsageError("there is nothing to send", "A test message: deploy notify --test")
    text = "This is how a watch tells what has changed. Nothing has: it is a test."
    outcome = dict(channels.send(watch.notify, "deploy: a test", text, urgent=False))
    if watch.heartbeat:
        outcome["heartbeat"] = channels.beat(watch.heartbeat)
    if not outcome:
        raise UsageError("watch.notify names nobody", "Add it: watch: {notify: {ntfy: env:NTFY_TOPIC}}")
    show_outcome(outcome)
    return 1 if any(outcome.values()) else 0
