"""deploy workflow: let a Git forge push a site."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, entries

if TYPE_CHECKING:
    from deployer.config.ci_secrets import Right
    from deployer.workflow import Sending


AIM = "publish"


@click.command(short_help="Write the workflow with which Gitea Actions push a site.")
@click.argument("site", shell_complete=entries)
@config_option
@click.option("--test-build", is_flag=True, help="Build in a first job, for pull requests too.")
@click.option("--send", "folder", metavar="FOLDER", help="Build on the runner, and send this folder of it.")
@click.option("--build", metavar="COMMAND", help="How the runner builds it, for a site without a build here.")
@click.option("--tool", is_flag=True, help="Use `deploy push` on the runner instead of plain ssh.")
@click.option("--runs-on", metavar="LABEL", default="", help="Label of the runner; else ubuntu-latest.")
@click.option("--force", is_flag=True, help="Replace another workflow in the same file.")
@click.option(
    "--install-secrets", is_flag=True, help="Set the secrets through Gitea's API, with $GITEA_TOKEN."
)
@click.option(
    "--key", type=click.Path(path_type=Path), help="Private key for the secrets; else ~/.ssh/deploy-NAME."
)
@click.option("--gitea", metavar="URL", help="Gitea's address, where it is not that of the repository.")
def command(
    site: str,
    config: Path,
    test_build: bool,
    folder: str | None,
    build: str | None,
    tool: bool,
    runs_on: str,
    force: bool,
    install_secrets: bool,
    key: Path | None,
    gitea: str | None,
) -> None:
    """Write the workflow with which Gitea Actions (or GitHub's) push a site when its branch is pushed.

    It is written into the checkout of the site's repository where this is called, else it is printed.
    It logs in with a restricted key; `deploy key add` makes one. With --send the runner builds the site, and
    the server gets the files of that folder.

    \b
    Example:
      deploy workflow www.example.org --test-build
      deploy workflow www.example.org --send public
      deploy workflow www.example.org --send dist --build 'make site'
      deploy workflow www.example.org --tool --runs-on self-hosted
      GITEA_TOKEN=… deploy workflow www.example.org --install-secrets
    """
    from deployer.commands._checkout import whereabouts
    from deployer.commands._forge_secrets import install, tell_secrets
    from deployer.commands.push import require_pushed
    from deployer.config.loader import load
    from deployer.workflow import workflow

    loaded = load(config)
    chosen = loaded.select([site])
    require_pushed(chosen)
    entry = chosen[site]
    sending = sending_of(folder, build)
    right: Right = "send" if sending else "push"
    text = workflow(site, entry, test_build, tool, runs_on, sending)
    checkout, there, why_not = whereabouts(loaded, getattr(entry, "repository", ""), gitea)
    # an older workflow that stays may want secrets that are taken away
    deliver(text, checkout, there.file if there else ".gitea/workflows/deploy.yml", force, why_not)
    if install_secrets:
        install(loaded, site, there, key, right)
    tell_secrets(loaded, site, install_secrets, right)


def sending_of(folder: str | None, build: str | None) -> "Sending | None":
    """What the runner builds and sends; None where the server fetches. Raises UsageError."""
    from deployer.errors import UsageError
    from deployer.values.names import relative_path
    from deployer.workflow import Sending

    if folder is None:
        if build is not None:
            raise UsageError(
                "--build is for what the runner sends", "Say which folder that is: --send public"
            )
        return None
    try:
        return Sending(relative_path(folder), build or "")
    except ValueError as error:
        raise UsageError(f"--send: {error}") from error


def deliver(text: str, checkout: Path | None, name: str, force: bool, why_not: str) -> None:
    """Write the workflow into the checkout, or print it; another file there stays, unless `force`."""
    from deployer.errors import DeployError
    from deployer.report import data, say

    if checkout is None:
        data(text)
        say(f"{why_not}; put it there, into {name}")
        return
    file = checkout / name
    if file.exists() and file.read_text("utf-8", "replace") == text:
        say(f"{file} is so already.")
        return
    if file.exists() and not force:
        raise DeployError(
            f"{file} is already there and stays as it is", "Look at it first; --force replaces it."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    say(f"Wrote {file}. Commit it, and push.")
