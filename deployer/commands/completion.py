"""deploy completion: what a shell completes after `deploy`."""

import click

AIM = "begin"


@click.command(short_help="Print what lets your shell complete commands, options, names.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print what makes your shell complete commands, options, and the names in sites.yaml.

    \b
    Example:
      deploy completion bash >~/.local/share/bash-completion/completions/deploy
      deploy completion fish >~/.config/fish/completions/deploy.fish
      source <(deploy completion zsh)      # in ~/.zshrc, after compinit
    """
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    shells = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    made = shells[shell](context.find_root().command, {}, "deploy", "_DEPLOY_COMPLETE")
    click.echo(made.source_template % made.source_vars())
