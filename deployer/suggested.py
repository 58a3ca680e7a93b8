"""The commands that messages suggest: for the same file as the command that says so; pure."""

import re
import shlex

COMMANDS = (
    *("apply", "audit", "backup", "check", "dns", "doctor", "exec", "key add", "key list", "key revoke"),
    *("key show", "logs", "maintenance", "mirrors", "notify", "plan", "previews", "push", "releases"),
    *(
        "render",
        "restart",
        "restore",
        "rollback",
        "run",
        "secret show",
        "services",
        "shield",
        "start",
        "stats",
    ),
    *("status", "stop"),
    *("update", "watch", "workflow"),
)
"""Those that take a file, and that a message names: `init` writes one, `rehearse` stops without."""
AT_HOME = r"backup --(?:init|install|uninstall|pull)\b"  # there is a sites.yaml of its own
SUGGESTION = re.compile(
    rf"(?<![\w/.@-])deploy (?!{AT_HOME})"
    rf"(?:{'|'.join(COMMANDS)})\b(?! (?:-c|--config)\b)(?![\w-])"
)

_given = [""]


def keep(file: str) -> None:
    """From now on, suggestions are for this file; empty: for the one that is taken anyway."""
    _given[0] = file


def file_option() -> str:
    """The option for the file that was typed, with a space before it; empty where none was."""
    return f" -c {shlex.quote(_given[0])}" if _given[0] else ""


def with_file(text: str) -> str:
    """The text with that option in each command that it suggests."""
    option = file_option()
    return SUGGESTION.sub(lambda found: found[0] + option, text) if option else text
