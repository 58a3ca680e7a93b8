"""deploy push: publish a site."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, entries, yes_option
from deployer.errors import DeployError, UnreachableError, UsageError

if TYPE_CHECKING:
    from deployer.commands._source import Wanted
    from deployer.config.credentials import Credentials
    from deployer.config.model import Config
    from deployer.kinds.entry import Entry
    from deployer.report.progress import Progress
    from deployer.server.connection import Server


AIM = "publish"


@click.command(short_help="Publish the newest revision of a site.")
@click.argument("sites", nargs=-1, required=True, shell_complete=entries)
@config_option
@yes_option
@click.option("--ref", "reference", default="", help="A branch, tag or commit instead of the site's branch.")
@click.option("--force", is_flag=True, help="Build again, and publish though pages are missing.")
@click.option("--from", "folder", metavar="FOLDER", help="Publish what was built here, and no revision.")
@click.option("--as", "preview", metavar="NAME", default="", help="A preview of it; what is live stays.")
@click.option("--rebuild", is_flag=True, help="Build what is live once more, for posts with a date to come.")
def command(
    sites: tuple[str, ...],
    config: Path,
    yes: bool,
    reference: str,
    force: bool,
    folder: str | None,
    preview: str,
    rebuild: bool,
) -> int:
    """Publish the newest revision of each site.

    The server fetches it, builds it in a sandbox, looks the result over and switches to it at once;
    if the page is not served then, it switches back. A service in containers gets its newest images, and
    its old ones back if it is not well with them. What the server does not have yet is applied first.

    With --from, a site is what a folder of this machine has: that passes the same gate, and of its files
    only those are sent that the server does not have.

    With --as, it is a preview at an address of its own: deploy previews lists them.

    Without a sites.yaml, as in a CI job, SSH_HOST, SSH_PRIVATE_KEY, SSH_KNOWN_HOSTS, SSH_PORT (else 22) and
    SSH_USER (else deploy) in the environment say where to push, and a key that may do nothing else is enough.

    \b
    Example:
      deploy push www.example.org
      deploy push www.example.org docs.example.org --yes
      deploy push www.example.org --ref v1.2
      deploy push www.example.org --from public/
      deploy push www.example.org --as new-menu --ref new-menu
      deploy push www.example.org --rebuild
    """
    from deployer.commands._source import Wanted, built_here, require_name, require_one_of
    from deployer.config.credentials import credentials

    require_one_of(reference=reference, force=force, folder=folder, rebuild=rebuild, preview=preview)
    require_name(preview)
    wanted = Wanted(reference, force, yes, built_here(sites, folder), rebuild, preview)
    if config == Path("sites.yaml") and not config.exists() and (given := credentials(os.environ)):
        return push_with(given, sites, wanted)
    return push_all(config, sites, wanted)


def push_all(config: Path, sites: tuple[str, ...], wanted: "Wanted") -> int:
    """Push sites of sites.yaml; the exit code."""
    from deployer.commands._elsewhere import during
    from deployer.commands._next import after_push, without_earlier
    from deployer.commands._source import require_source
    from deployer.tasks import opening, server_of

    unchanged: set[str] = set()
    with opening(config) as (loaded, begun):
        from deployer.report.progress import progress

        chosen = loaded.select(sites)
        require_pushed(chosen)
        require_source(chosen, wanted)
        with progress() as shown, server_of(loaded, begun) as server:
            one = partial(_push, server, loaded, shown, wanted, unchanged)
            visited = {} if wanted.preview else chosen
            with during(loaded, visited, "push"):
                done = [attempt(one, domain) for domain in chosen]
            pushed = [domain for domain, well in zip(chosen, done, strict=True) if well]
            good = {domain: visited[domain] for domain in pushed if domain in visited}
            first = without_earlier(server, good)
    after_push(good, [*first, *unchanged])
    return 0 if all(done) else 1


def push_with(given: "Credentials", sites: tuple[str, ...], wanted: "Wanted") -> int:
    """Push as a CI job does; the exit code."""
    from deployer.commands._interrupted import by_key_or_tell, push_or_tell
    from deployer.report.progress import progress
    from deployer.tasks.pipeline import push_anyhow, server_with
    from deployer.tasks.push import Pushed

    def one(domain: str) -> bool:
        what = wanted.push(domain, "", wanted.reference)
        return push_anyhow(server, what, shown.line, by_key_or_tell, push_or_tell) is Pushed.DONE

    with progress() as shown, server_with(given) as server:
        done = [attempt(one, domain) for domain in dict.fromkeys(sites)]
    return 0 if all(done) else 1


def attempt(push: Callable[[str], bool], domain: str) -> bool:
    """Push one of several sites; what is wrong with it is told, and the others go on."""
    from deployer.report import complain, say

    try:
        return push(domain)
    except (UsageError, UnreachableError):
        raise
    except DeployError as error:
        complain(error)
        say(f"Nothing was pushed to {domain}.")
        return False


def require_pushed(sites: "Mapping[str, Entry]", what: str = "there is nothing to push") -> None:
    """Raise UsageError for a site that nothing is pushed to."""
    for domain, site in sites.items():
        if not site.pushed:
            raise UsageError(
                f"{domain} is of kind {site.kind}: {what}", "Change it in sites.yaml, then: deploy apply"
            )


def _push(
    server: "Server",
    config: "Config",
    shown: "Progress",
    wanted: "Wanted",
    unchanged: set[str],
    domain: str,
) -> bool:
    from deployer.commands._elsewhere import names_of
    from deployer.commands._interrupted import push_or_tell, telling
    from deployer.commands.apply import converge, convergence
    from deployer.report import say
    from deployer.tasks.push import UNCHANGED, Pushed
    from deployer.tasks.settings import site_settings

    def line(text: str) -> None:
        if text.endswith(UNCHANGED):
            unchanged.add(domain)
        shown.line(text)

    untouched = partial(telling, lambda: f"{domain}: nothing was pushed")
    with untouched():
        if not _apply_changes(server, config, shown, wanted.yes, domain):
            return False
    settings = site_settings(config, domain)
    what = wanted.push_of(domain, config.everything[domain], settings.digest if settings else "")
    outcome = push_or_tell(server, what, line)
    if not outcome.needs_apply:
        return outcome is Pushed.DONE
    say(f"{domain} is not on {server.host} yet:")
    with untouched():
        code = converge(convergence(server, config, [domain], shown, names=names_of(config)), wanted.yes)
    outcome = push_or_tell(server, what, line)
    if outcome.needs_apply:
        advice = f"Mend what is said above, then: deploy push {domain}"
        if getattr(config.everything[domain], "https", False):
            advice += "\nBefore its DNS leads there, publish it with `https: false` in sites.yaml."
        raise DeployError(f"{domain} is still not on {server.host}", advice)
    return outcome is Pushed.DONE and code == 0


def _apply_changes(server: "Server", config: "Config", shown: "Progress", yes: bool, domain: str) -> bool:
    """Apply first what has changed of a service's files; whether there is something to push then."""
    from deployer.commands.apply import converge, convergence
    from deployer.planning.rolled_back import wants_apply
    from deployer.report import say

    if domain not in config.compositions:
        return True
    run = convergence(server, config, [domain], shown)
    seen = run.look()
    is_there = f"/etc/deploy/sites/{domain}.conf" in seen.files
    if not is_there or not run.differs(domain, seen) or not wants_apply(domain, run.plan(seen), seen):
        return True
    say(f"{domain} is otherwise in sites.yaml than on {server.host}; that is applied first:")
    return converge(run, yes) == 0
