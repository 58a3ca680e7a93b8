"""What `backup:` of a user's own containers names, and its compose file does not have."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.composefile.interpolation import UNKNOWN
from deployer.config.model import Config
from deployer.config.suggestions import suggest
from deployer.config.wording import Finding, Path
from deployer.kinds.base import is_from_repository
from deployer.values.quantities import shown

if TYPE_CHECKING:
    from deployer.kinds.compose import Compose


def check_backups(config: Config) -> Iterator[Finding]:
    """Every service and volume that would be looked for at night, and not be found."""
    for name, entry in config.of_kind("compose").items():
        if is_from_repository(entry):
            continue  # what its file has, a push learns
        section = config.section_of(name)
        if not entry.definition().problems:
            yield from unknown_service(entry, (section, name, "backup", "service"))
            yield from unknown_volumes(entry, name, (section, name, "backup", "volumes"))


def unknown_service(entry: "Compose", path: Path) -> Iterator[Finding]:
    """The database, where the compose file has no service of this name."""
    wanted = entry.backup.service
    known = entry.definition().services
    if wanted and wanted not in known:
        hint = suggest(wanted, known) or f" (it has {', '.join(known)})"
        yield Finding(path, f"{entry.file.written} has no service {shown(wanted)}{hint}")


def unknown_volumes(entry: "Compose", name: str, path: Path) -> Iterator[Finding]:
    """Each volume that Docker does not know by this name."""
    from deployer.composefile import volumes

    known = volumes.names(entry.definition(), entry.project(name))
    if any(UNKNOWN in volume for volume in known.values()):
        return
    for position, wanted in enumerate(entry.backup.volumes or ()):
        if wanted not in known.values():
            meant = known.get(wanted)
            hint = f" (did you mean '{meant}'?)" if meant else suggest(wanted, known.values())
            yield Finding(
                (*path, position),
                f"{entry.file.written} has no volume that Docker calls {shown(wanted)}{hint}",
            )
