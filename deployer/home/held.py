"""What an archive holds of each folder and volume, against what its backup says that it put in; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from deployer.errors import DeployError


class Held:
    """Counts the members below each folder and volume that `begin.json` names."""

    def __init__(self, begin: Mapping[str, Any]) -> None:
        volumes = begin.get("volumes") or {}
        self.volumes = {str(path): str(name) for name, path in volumes.items()}
        self.counts = dict.fromkeys([*map(str, begin.get("paths") or ()), *self.volumes], 0)
        self._below = [(folder, folder[1:] + "/") for folder in self.counts]

    def take(self, members: Sequence[str]) -> None:
        """Count members by their names."""
        for folder, below in self._below:
            self.counts[folder] += sum(member.startswith(below) for member in members) - members.count(below)

    def compare(self, end: Mapping[str, Any]) -> tuple[str, ...]:
        """What is worth a warning; raises DeployError where there is less than `end.json` says."""
        held = end.get("held")
        if not isinstance(held, dict):  # of a backup that did not count them
            empty = [name for path, name in self.volumes.items() if not self.counts[path]]
            return tuple(f"there is nothing in it of the volume {name}" for name in empty)
        for folder, count in held.items():
            if self.counts.get(folder, count) < count:
                raise DeployError(
                    f"it has {self.counts[folder]} files of {folder}, and {count} were read: some are missing"
                )
        return ()
