"""Compositions that stand elsewhere than in the folder of their name."""

from dataclasses import replace

from vps.walk.steps.compose import Compose
from vps.walk.vocabulary import step
from vps.walk.walk import Walk
from vps.walk.wanted import FOLDERS


def free_folders(walk: Walk) -> list[str]:
    """The folders that nothing has, and none."""
    taken = {entry.folder(name) for name, entry in walk.wanted.items()}
    return ["-", *(folder for folder in FOLDERS if folder not in taken)]


@step(0.7, lambda walk: ((name, folder) for name in walk.of(Compose) for folder in free_folders(walk)))
def directory(walk: Walk, name: str, folder: str) -> None:
    """The key `directory` is written; `-` takes it away."""
    walk.change(name, directory="" if folder == "-" else folder)


def moved(walk: Walk) -> list[tuple[str]]:
    """What stands elsewhere than sites.yaml says now."""
    pairs = [(name, walk.live.entries.get(name)) for name in walk.of(Compose) if name not in walk.live.unsure]
    return [
        (name,)
        for name, was in pairs
        if isinstance(was, Compose) and was.folder(name) not in ("", walk.wanted[name].folder(name))
    ]


@step(2, moved, acts=True)
def move_by_hand(walk: Walk, name: str) -> None:
    """Somebody does what the plan says: stop it, and move the folder."""
    was, shall = walk.live.entries[name], walk.wanted[name]
    old, new = was.folder(name), shall.folder(name)
    walk.vps.run(f"/usr/local/lib/deploy/bin/stop {name} && rm -rf {new} && mv {old} {new}")
    walk.live.entries[name] = replace(was, directory=shall.directory, as_project=was.project(name))
    walk.disturbed.add(name)
