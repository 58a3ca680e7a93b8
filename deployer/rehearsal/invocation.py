"""How this program is called, so that advice can be copied: sudo has another PATH than its user."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence

from deployer.system import is_root


def invocation(*arguments: str) -> str:
    """The command line that calls this program with these arguments, as root."""
    needs_sudo = not is_root() or "SUDO_UID" in os.environ
    return command_line(sys.argv[0], sys.executable, arguments, needs_sudo)


def command_line(program: str, python: str, arguments: Sequence[str], needs_sudo: bool) -> str:
    """The same from values: `program` as it was called, a module as its file."""
    if program.endswith("__main__.py"):
        words = [python, "-m", "deployer"]
    elif not needs_sudo and shutil.which(os.path.basename(program)) == program:
        words = [os.path.basename(program)]
    else:
        words = [os.path.abspath(program)]
    return shlex.join([*(["sudo"] if needs_sudo else []), *words, *arguments])
