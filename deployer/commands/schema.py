"""deploy schema: the JSON Schema of sites.yaml, for editors."""

import click

AIM = "begin"


@click.command(short_help="Print the JSON Schema of sites.yaml, for editors.")
def command() -> None:
    """Print the JSON Schema of sites.yaml, with which an editor completes and checks it.

    Editors that know the YAML language server use it when the first line of sites.yaml is
    `# yaml-language-server: $schema=sites.schema.json`.

    \b
    Example:
      deploy schema > sites.schema.json
    """
    import json

    from deployer.config.schema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
