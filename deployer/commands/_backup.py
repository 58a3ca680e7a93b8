"""What `deploy backup` does on the server: a backup now."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.config.model import Config


def run(config: "Config", names: Sequence[str]) -> int:
    """Back up the names, or everything; the exit code."""
    from deployer.commands._interrupted import going_on
    from deployer.errors import DeployError
    from deployer.report import next_step
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import Pushed, run_script

    chosen = chosen_names(config, names)
    with progress() as shown, server_of(config) as server:
        with going_on(server, "backup", "How it went: deploy status"):
            outcome = run_script(server, "backup", shown.line, *chosen, "--by", caller())
        if outcome.needs_apply:
            what = f"not all of {', '.join(chosen)}" if chosen else "nothing"
            raise DeployError(f"{what} is backed up on {server.host} yet", "Run: deploy apply")
    if outcome is not Pushed.DONE:
        return 1
    next_step(
        "deploy backup --list shows every archive; on the home server, deploy backup --pull fetches them"
    )
    return 0


def without_data(config: "Config", name: str) -> str:
    """Why a site of sites.yaml has no backup; empty for what could have one, and for what is none."""
    from deployer.kinds.publication import is_published

    site = config.sites.get(name)
    if is_published(site) and site.backs_up().empty:
        return f"{name} is of kind {site.kind}: its content is in Git, so nothing of it is backed up"
    if site and site.backs_up().empty and name not in config.compositions:
        return f"{name} is of kind {site.kind}: it has no data of its own to back up"
    return ""


def chosen_names(config: "Config", names: Sequence[str]) -> list[str]:
    """The names, each once; raises UsageError for one that is not backed up."""
    from deployer.config.suggestions import suggest
    from deployer.errors import UsageError
    from deployer.parts.backups import backed_up

    known = backed_up(config)
    for name in names:
        if why := without_data(config, name):
            raise UsageError(why, f"What is backed up: {', '.join(known)}" if known else "")
    if config.backups is None:
        raise UsageError("there are no backups in sites.yaml", "Add it: backups: {recipient: backup-key.asc}")
    if not known:
        raise UsageError(
            "nothing in sites.yaml is backed up",
            "Add a service, or folders: backups: {folders: {photos: [/srv/photos]}}",
        )
    for name in names:
        if name not in known:
            raise UsageError(
                f"nothing of '{name}' is backed up{suggest(name, known)}",
                f"What is backed up: {', '.join(known)}",
            )
    return list(dict.fromkeys(names))
