"""Mirrors of a Gitea's repositories: it pushes to other Git hosts, and scripts see to it."""

from typing import TYPE_CHECKING

from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share
from deployer.values.mirrors import FOLDER

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

HANDLERS = (
    Handler(
        f"{FOLDER}/*",
        Stage.SERVED,
        live="keep_mirrors",
        says="mirror repositories as sites.yaml says",
        values="MIRROR_*_TOKEN",
    ),
)
REMOVABLE = (f"{FOLDER}/*",)
QUESTIONS = (Question("look", "mirrors"),)


def share(config: "Config", facts: "Facts") -> Share:
    """What is otherwise than their files say; a Gitea has secrets, so all scripts are there."""
    names = [name for name, site in config.of_kind("gitea", "forgejo").items() if site.mirrors]
    return Share(drift={f"{FOLDER}/{name}": facts.mirrors[name] for name in names if name in facts.mirrors})
