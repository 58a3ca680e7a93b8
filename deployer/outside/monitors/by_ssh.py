"""A file of another machine by the program ssh, with all that ~/.ssh/config says of the way there."""

import shlex
import shutil
import subprocess

from deployer.errors import DeployError, UsageError

SECONDS = 20
OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5")
NO_FILE, NO_FOLDER, LOST = 44, 45, 255
READ = """
[ -d "${1%/*}" ] || exit 45
[ -e "$1" ] || exit 44
exec cat -- "$1"
"""
WRITE = """
new=$(mktemp "${1%/*}/.${1##*/}.XXXXXX") || exit
if [ -e "$1" ]; then cp -p -- "$1" "$new"; else chmod 644 "$new"; fi
cat >"$new" && mv -- "$new" "$1" || { rm -f -- "$new"; exit 1; }
"""


def read(host: str, path: str) -> bytes | None:
    """What stands in the file, None where there is none; raises DeployError."""
    done = _run(host, READ, path)
    if done.returncode == NO_FILE:
        return None
    if done.returncode == NO_FOLDER:
        raise DeployError(f"{host} has no folder for {path}", "Make it, and let Gatus read it.")
    if done.returncode:
        raise _failed(host, path, done)
    return done.stdout


def write(host: str, path: str, content: bytes) -> None:
    """Make the file that content, whole or not at all; raises DeployError."""
    done = _run(host, WRITE, path, content)
    if done.returncode:
        raise _failed(host, path, done)


def _run(host: str, script: str, path: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    if not (ssh := shutil.which("ssh")):
        raise UsageError("ssh is not installed here", "Install it: apt install openssh-client")
    argv = [ssh, *OPTIONS, "--", host, shlex.join(["sh", "-c", script, "deploy", path])]
    try:
        return subprocess.run(argv, input=given, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DeployError(f"{host} has not answered by SSH within {SECONDS} s") from error


def _failed(host: str, path: str, done: subprocess.CompletedProcess[bytes]) -> DeployError:
    said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    if done.returncode == LOST:
        return DeployError(f"{host} cannot be reached by SSH: {said[0]}", f"Try it: ssh {host}")
    return DeployError(f"{host} does not give {path}: {said[0]}")
