"""deploy check: whether sites.yaml is right, without asking the server."""

from pathlib import Path

import click

from deployer.commands._options import config_option, json_option
from deployer.errors import ConfigError, Problem

AIM = "begin"


@click.command(short_help="Find every mistake in sites.yaml, without the server.")
@config_option
@json_option
def command(config: Path, as_json: bool) -> int:
    """Find every mistake in sites.yaml, each with its line and column, without asking the server.

    The exit code is 0 when the file is fine, and 2 when it is not. Private keys, values and dumps beside it
    that would get into Git are told.

    \b
    Example:
      deploy check
      deploy check -c other.yaml
      deploy check --json | jq '.problems[].message'
    """
    from deployer.config.beside import found_beside
    from deployer.config.loader import load
    from deployer.config.placeholders import placeholders
    from deployer.suggested import with_file
    from deployer.values.openpgp import fingerprints
    from deployer.values.quantities import amount

    try:
        loaded = load(config)
    except ConfigError as error:
        if not as_json:
            raise
        return tell(error.problems, [], [], [])
    keys = sorted({*fingerprints(loaded.backups.recipient.content)}) if loaded.backups else []
    warnings = [found.warning for found in found_beside(config)]
    if as_json:
        return tell([], list(loaded.everything), keys, warnings)
    counts = [(len(loaded.sites), "site"), (len(loaded.services), "service")]
    said = [amount(count, what) for count, what in counts if count or what == "site"]
    click.echo(f"{config} is fine: {' and '.join(said)}.")
    left = placeholders(loaded)
    if loaded.server and loaded.everything and not left:
        click.echo(with_file("→ deploy plan shows what would change on the server"), err=True)
    if keys:
        each = "the key" if len(keys) == 1 else f"each of {len(keys)} keys"
        click.echo(f"Backups can be opened with {each} {', '.join(keys)}.")
    if left:
        click.echo(f"! Still as deploy init wrote it: {', '.join(left)}. Put what is yours there.", err=True)
    if warnings:
        click.echo("\n".join(f"! {warning}" for warning in warnings), err=True)
    return 0


def tell(problems: list[Problem], sites: list[str], keys: list[str], warnings: list[str]) -> int:
    """Print the result as JSON, with the keys that open archives; gives the exit code."""
    import json
    from dataclasses import asdict

    found = {"problems": [asdict(problem) for problem in problems], "sites": sites, "backup_keys": keys}
    found["warnings"] = warnings
    click.echo(json.dumps(found, indent=2))
    return 2 if problems else 0
