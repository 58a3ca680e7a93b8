"""Archives under a name that sites.yaml does not have any more."""

from collections.abc import Collection

from deployer.errors import UsageError


def of_another_name(name: str, known: Collection[str], archived: Collection[str]) -> None:
    """Raise UsageError for a name without archives, or archives without a name, where they may be one."""
    orphans, without = sorted({*archived} - {*known}), sorted({*known} - {*archived})
    if name in orphans:
        heir = without[0] if len(without) == 1 else "NAME"
        raise UsageError(
            f"sites.yaml has no {name}, of which there are archives",
            f"To bring them back under a name that it has: deploy restore {name} --as {heir}\n"
            f"To look into them: deploy restore {name} --to FOLDER. "
            f"Its names are: {', '.join(sorted(known))}",
        )
    if name in without and orphans:
        raise UsageError(
            f"there is no archive of {name}",
            f"sites.yaml does not have {', '.join(orphans)}, of which there are archives. "
            f"If that was its name before: deploy restore {orphans[0] if len(orphans) == 1 else 'BEFORE'} "
            f"--as {name}",
        )
