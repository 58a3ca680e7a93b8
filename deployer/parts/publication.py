"""What publishes: the scripts of pushes, rollbacks, updates and backups, and their log's rotation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.kinds.pages import RENAMED
from deployer.kinds.publication import is_published
from deployer.parts.rendering import PROGRAMS, SCRIPTS, UNITS, script, scripts, system
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

QUESTIONS = (Question("look", "publication"),)
HANDLERS = (
    Handler(
        f"{RENAMED}/*",
        Stage.FOLDERS,
        live="take_over_renamed",
        back="give_back_renamed",
        says="go on with what was published under a former name",
    ),
    Handler(
        f"{UNITS}/deploy-previews-*.timer",
        Stage.SERVED,
        live="forget_previews",
        says="see which sites have previews",
    ),
)
REMOVABLE = (f"{SCRIPTS}/*", "/etc/deploy/*", "/etc/logrotate.d/deploy*")


def share(config: "Config", facts: "Facts") -> Share:
    """All of it, where anything is pushed, backed up, updated, or reached by a key."""
    notes = tuple(by_hand(config, facts))
    if not publishes(config):
        return Share(notes=notes)
    return Share(files=publication_files(), packages=frozenset({"jq"}), notes=notes)


def publishes(config: "Config") -> bool:
    """Whether the server needs the scripts."""
    needed = any(entry.pushed or entry.secrets() for entry in config.everything.values())
    return bool(config.backups or config.keys or config.updates or config.running or config.watch) or needed


def publication_files() -> dict[str, File]:
    """The scripts, and the rotation of their log."""
    return {
        **{path: file for name in scripts() for path, file in script(name).items()},
        "/etc/logrotate.d/deploy": system("logrotate"),
    }


def by_hand(config: "Config", facts: "Facts") -> Iterator[str]:
    """The builds of a person, that write where pushes do, and what calls programs where they are no more."""
    for path, domain in facts.by_hand.builds:
        if is_published(config.sites.get(domain)):
            yield (
                f"a line in {path} writes to /var/www/{domain}, which a push makes a link to what is live:"
                " take it away, or it changes what visitors see, and releases before"
            )
    for path in facts.by_hand.of_before:
        yield (
            f"{path} calls a program in {SCRIPTS}, which this apply takes away: it is in {PROGRAMS} now, by"
            " the same name. Change that line, or it fails from then on"
        )
