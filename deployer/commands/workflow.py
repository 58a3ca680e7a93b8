"""deploy workflow: let a Git forge push a site."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, entries

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.workflow import ForgeRepository


AIM = "publish"


@click.command(short_help="Write the workflow with which Gitea Actions push a site.")
@click.argument("site", shell_complete=entries)
@config_option
@click.option("--test-build", is_flag=True, help="Build in a first job, for pull requests too.")
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
    tool: bool,
    runs_on: str,
    force: bool,
    install_secrets: bool,
    key: Path | None,
    gitea: str | None,
) -> None:
    """Write the workflow with which Gitea Actions (or GitHub's) push a site when its branch is pushed.

    It is written into the checkout of the site's repository where this is called, else it is printed.
    It logs in with a restricted key; `deploy key add` makes one.

    \b
    Example:
      deploy workflow www.example.org --test-build
      deploy workflow www.example.org --tool --runs-on self-hosted
      GITEA_TOKEN=… deploy workflow www.example.org --install-secrets
    """
    from deployer.commands._checkout import whereabouts
    from deployer.commands.push import require_pushed
    from deployer.config.loader import load
    from deployer.workflow import workflow

    loaded = load(config)
    chosen = loaded.select([site])
    require_pushed(chosen)
    entry = chosen[site]
    text = workflow(site, entry, test_build, tool, runs_on)
    checkout, there, why_not = whereabouts(loaded, getattr(entry, "repository", ""), gitea)
    # an older workflow that stays may want secrets that are taken away
    deliver(text, checkout, there.file if there else ".gitea/workflows/deploy.yml", force, why_not)
    if install_secrets:
        install(loaded, site, there, key)
    tell_secrets(loaded, site, install_secrets)


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


def install(config: "Config", site: str, there: "ForgeRepository | None", key: Path | None) -> None:
    """Set the secrets in the site's repository."""
    from deployer.config.ci_secrets import secrets_of
    from deployer.config.credentials import OPTIONAL
    from deployer.errors import UsageError
    from deployer.report import say
    from deployer.server.forge import set_secrets
    from deployer.server.hostkeys import line_of
    from deployer.server.privatekeys import read_private_key
    from deployer.server.way import way_to

    token = os.environ.get("GITEA_TOKEN", "")
    if there is None:
        raise UsageError(f"{site} comes from no repository on a forge", "Set the secrets by hand.")
    if there.github:
        raise UsageError("GitHub wants its secrets encrypted", "Set them there: gh secret set SSH_HOST")
    require_private(there)
    if not token:
        raise UsageError(
            "GITEA_TOKEN is not set",
            f"Make a token with the scope write:repository ({there.address}/user/settings/applications), "
            "and put it into the environment.",
        )
    server = config.server
    known = line_of(server.host, server.port, server.host_key) if server else ""
    private = read_private_key(key or Path.home() / ".ssh" / f"deploy-{pusher(config, site)}")
    address = way_to(server.host, server.port).host if server else ""
    secrets = secrets_of(config, site, private.text, private.public, known, address)
    set_secrets(there, token, secrets, [name for name in OPTIONAL if name not in secrets])
    say(f"Set {', '.join(secrets)} in {there.owner}/{there.name} on {there.address}.")


def require_private(there: "ForgeRepository") -> None:
    """Raise UsageError for a forge to which secrets would be sent for anybody to read."""
    from urllib.parse import urlsplit

    from deployer.errors import UsageError

    if there.private:
        return
    port = urlsplit(there.address).port or 80
    raise UsageError(
        f"{there.address} is no https://: the token and the private key would cross the network unencrypted",
        f"Go through SSH to its machine: ssh -L {port}:localhost:{port} {there.host}\n"
        f"and meanwhile: --gitea http://localhost:{port}. Or set the secrets by hand; without "
        "--install-secrets it says which.",
    )


def pusher(config: "Config", site: str) -> str:
    """The name of the first key that may push the site; raises UsageError without one."""
    from deployer.errors import UsageError

    names = [name for name, key in config.keys.items() if site in key.push]
    if not names:
        raise UsageError(
            f"no key in sites.yaml may push {site}", f"Make one: deploy key add ci --push {site}"
        )
    return names[0]


def tell_secrets(config: "Config", site: str, set_already: bool) -> None:
    """Say which secrets the workflow needs, and what belongs into them."""
    from deployer.config.ci_secrets import where
    from deployer.report import say
    from deployer.server.hostkeys import line_of
    from deployer.server.way import way_to

    names = [name for name, key in config.keys.items() if site in key.push]
    if not names:
        say(f"! no key in sites.yaml may push {site} yet: deploy key add ci --push {site}", style="yellow")
    if set_already or not config.server:
        return
    server = config.server
    known = line_of(server.host, server.port, server.host_key)
    say("Its secrets (settings of the repository: Actions, Secrets), or all at once with --install-secrets:")
    for name, value in where(server, way_to(server.host, server.port).host).items():
        say(f"  {name:<16} {value}")
    say(f"  SSH_KNOWN_HOSTS  {known or 'the line of ~/.ssh/known_hosts for this server'}")
    say(f"  SSH_PRIVATE_KEY  the private half of the key {names[0] if names else 'ci'}, the whole file")
