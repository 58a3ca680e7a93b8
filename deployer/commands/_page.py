"""deploy status --html and --publish: the page of a server."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.config.loader import load
from deployer.errors import DeployError, UsageError

if TYPE_CHECKING:
    from deployer.config.model import Config

EXAMPLES = "As in: deploy status --html page.html, deploy status --publish status.example.org"
LINES = "Add it: sites: {%s: {kind: status}}, and run: deploy apply %s"


def make_page(config: Path, names: Sequence[str], html: Path | None, publish: str, as_json: bool) -> int:
    """Let the server make it, and write it to this file or publish it."""
    if as_json or (html and publish):
        raise UsageError("--html, --publish and --json are three answers: choose one of them")
    for option, value, what in (
        ("--html", str(html or ""), "a file"),
        ("--publish", publish or "", "a domain"),
    ):
        if value.startswith("-"):
            raise UsageError(f"{option} wants {what} behind it, not {value}", EXAMPLES)
    loaded = load(config)
    chosen = loaded.select(names)
    if html:
        _write(loaded, html, [name for name in loaded.everything if name not in chosen], names)
    else:
        if names:
            raise UsageError("a published page leaves out what is `hidden:` in sites.yaml, not what is named")
        _publish(loaded, publish)
    return 0


def _write(loaded: "Config", file: Path, without: Sequence[str], names: Sequence[str]) -> None:
    from deployer.report import say
    from deployer.tasks import server_of
    from deployer.tasks.status_page import page

    with server_of(loaded) as server:
        made = page(server, without)
    try:
        file.write_bytes(made)
    except OSError as error:
        raise DeployError(f"{file} cannot be written: {error.strerror}") from error
    of = f"{server.host} and of its sites" if not names else ", ".join(dict.fromkeys(names))
    say(f"✓ {file}: the last 90 days of {of}")


def _publish(loaded: "Config", name: str) -> None:
    from deployer.report import say
    from deployer.tasks import server_of
    from deployer.tasks.status_page import publish

    site = loaded.sites.get(name)
    if site is None:
        raise UsageError(f"no site '{name}' in sites.yaml", LINES % (name, name))
    if site.kind != "status":
        raise UsageError(
            f"{name} is of kind {site.kind}, and no status page", "Name a site of `kind: status`."
        )
    with server_of(loaded) as server:
        publish(server, name)
    say(f"✓ {'https' if site.https else 'http'}://{name}/ is made anew")
