"""deploy key: restricted keys, and those with which the server reads private repositories."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries, json_option, named, yes_option

no_apply_option = click.option(
    "--no-apply", is_flag=True, help="Only write sites.yaml: `deploy apply` is yours."
)


AIM = "safety"


@click.group(short_help="Let a key do one thing, and show which key reads a repository.")
def command() -> None:
    """Keys that can do one thing on the server, and those with which it reads private repositories.

    \b
    Example:
      deploy key add ci --push www.example.org,docs.example.org
      deploy key list
      deploy key show www.example.org
    """


@command.command(short_help="Let a key push or shield sites, or fetch backups, and nothing else.")
@click.argument("name")
@config_option
@yes_option
@no_apply_option
@click.option("--push", metavar="SITES", help="Sites and services that it may push, with commas.")
@click.option("--send", metavar="SITES", help="Sites whose files it may send (push --from), with commas.")
@click.option("--shield", metavar="SITES", help="Sites whose shield it may turn on and off, with commas.")
@click.option("--pull-backups", is_flag=True, help="It may fetch the backups.")
@click.option(
    "--public", type=click.Path(path_type=Path), help="File with the public half of a key that is there."
)
@click.option(
    "--private", type=click.Path(path_type=Path), help="Where a new key goes; else ~/.ssh/deploy-NAME."
)
def add(
    name: str,
    config: Path,
    yes: bool,
    no_apply: bool,
    push: str | None,
    send: str | None,
    shield: str | None,
    pull_backups: bool,
    public: Path | None,
    private: Path | None,
) -> int:
    """Write a key that can do one thing into sites.yaml, and apply it.

    Without --public a new pair is made; its private half is written to a file that only you can read.

    \b
    Example:
      deploy key add ci --push www.example.org,docs.example.org
      deploy key add builder --send www.example.org
      deploy key add phone --shield forum.example.org
      deploy key add home --pull-backups --public home.pub
    """
    from deployer.commands import _keys
    from deployer.commands._key_sites import sites_of
    from deployer.config.editing import entry, with_key
    from deployer.config.keys import RestrictedKey
    from deployer.config.loader import load
    from deployer.errors import UsageError
    from deployer.report import say

    loaded = load(config)
    if name in loaded.keys:
        raise UsageError(f"there is a key '{name}' already in {config}", _keys.THERE.format(name=name))
    asked = {"push": push or "", "send": send or "", "shield": shield or ""}
    sites = sites_of(loaded, name, asked, pull_backups)
    applies = _keys.will_apply(loaded, yes, no_apply)
    again = _keys.command_line(name, asked, yes, no_apply)
    line = _keys.read_public(public) if public else _keys.made_public(private, name, again)
    key = RestrictedKey(public=line, pull_backups=pull_backups, **sites)
    wanted = _keys.with_keys(loaded, {**loaded.keys, name: key})
    by_hand = "Add these lines yourself, below `keys:`\n" + "\n".join(entry(name, key))
    _keys.save(config, with_key(config.read_text("utf-8"), name, key), wanted, by_hand)
    say(f"{config} has the key '{name}' now.")
    return _keys.apply(config, yes, _keys.use_of(key)) if applies else _keys.later()


@command.command("list", short_help="List the restricted keys, and when each was used last.")
@config_option
@json_option
def list_keys(config: Path, as_json: bool) -> None:
    """List the restricted keys, what each may do, when it was used last, and how often it was refused.

    It says too which keys the server does not have yet, and which it has still.

    \b
    Example:
      deploy key list
    """
    from deployer.config.loader import load
    from deployer.report import data
    from deployer.report.keys import as_json as keys_as_json
    from deployer.report.keys import show_keys
    from deployer.tasks import server_of
    from deployer.tasks.keys import Seen, see_keys

    loaded = load(config)
    seen = Seen()
    if loaded.server:
        with server_of(loaded) as server:
            seen = see_keys(server)
    if as_json:
        data(keys_as_json(loaded.keys, seen))
    else:
        show_keys(loaded.keys, seen)


@command.command(short_help="Take a restricted key out of sites.yaml and off the server.")
@click.argument("name", shell_complete=named("keys"))
@config_option
@yes_option
@no_apply_option
def revoke(name: str, config: Path, yes: bool, no_apply: bool) -> int:
    """Take a restricted key out of sites.yaml, and off the server with the apply that follows.

    \b
    Example:
      deploy key revoke ci
    """
    from deployer.commands import _keys
    from deployer.config.editing import without_key
    from deployer.config.loader import load
    from deployer.config.suggestions import suggest
    from deployer.errors import UsageError
    from deployer.report import say

    loaded = load(config)
    if name not in loaded.keys:
        raise UsageError(f"no key '{name}' in {config}{suggest(name, loaded.keys)}", "See: deploy key list")
    applies = _keys.will_apply(loaded, yes, no_apply)
    wanted = _keys.with_keys(loaded, {other: key for other, key in loaded.keys.items() if other != name})
    by_hand = f"Take '{name}' out below `keys:` yourself, then: deploy apply"
    _keys.save(config, without_key(config.read_text("utf-8"), name), wanted, by_hand)
    say(f"{config} has no key '{name}' any more.")
    _keys.tell_what_stays(name, loaded.keys[name].public)
    return _keys.apply(config, yes) if applies else _keys.later()


@command.command(short_help="Print the public half of a site's key.")
@click.argument("site", shell_complete=entries)
@config_option
def show(site: str, config: Path) -> None:
    """Print the public half of a site's deploy key, and make the key if there is none.

    Add it to the repository as a deploy key that may only read. The private half never leaves the server.

    \b
    Example:
      deploy key show www.example.org
    """
    from deployer.commands._source import require_repositories
    from deployer.config.loader import load
    from deployer.report import data, next_step
    from deployer.tasks import server_of
    from deployer.tasks.push import ask_script

    loaded = load(config)
    require_repositories(loaded.select([site]))
    with server_of(loaded) as server:
        data(ask_script(server, "key", site))
    next_step(f"in the repository's settings, as a deploy key that may only read; then: deploy push {site}")
