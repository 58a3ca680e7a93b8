"""What monitors elsewhere are told in each round: how services, backups and updates are; pure."""

from collections.abc import Mapping
from datetime import datetime

from deployer.audit.evidence import Evidence
from deployer.doctor.upkeep import late_backup, late_copy
from deployer.planning.monitors import BACKUPS, SERVICES, UPDATES

UNIT = "deploy-update.service"


def heartbeats(
    seen: Evidence, at_home: Mapping[str, datetime] | None, in_s3: Mapping[str, datetime] | None = None
) -> dict[str, str]:
    """By the key of its monitor, why something is not well; empty where it is, or need not be just now."""
    lines = seen.lines
    unwell = dict(line.partition(" ")[::2] for line in lines.get("unwell", []))
    unseen = unwell.get("*", "")
    excused = {line.partition(" ")[0] for line in (*lines.get("busy", []), *lines.get("stopped", []))}
    everything = "*" in excused
    found = {
        f"{SERVICES}/{name}": "" if everything or name in excused else unwell.get(name, unseen)
        for name in lines.get("service", [])
    }
    for name in lines.get("backed_up", []):
        late = [each.what for each in late_backup(seen, name, at_home)]
        late += filter(None, [late_copy(seen, name, in_s3, "in S3")])
        found[f"{BACKUPS}/{name}"] = late[0] if late and not (everything or "+backups" in excused) else ""
    if "updates" in lines:
        failed = UNIT in lines.get("failed_unit", [])
        found[f"{UPDATES}/{UPDATES}"] = "the last updates by night have failed" if failed else ""
    return found
