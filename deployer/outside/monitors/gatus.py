"""The file of a Gatus, on this machine, and its heartbeats."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from deployer.config.monitoring import ELSEWHERE
from deployer.errors import DeployError
from deployer.files import File
from deployer.outside.monitors import by_ssh
from deployer.planning.plan import Change

NAME = "gatus"
SECONDS = 5.0
MOST = 1_000_000


def read(file: str) -> File | None:
    """The file, None where there is none; raises DeployError where it cannot be read."""
    if elsewhere := ELSEWHERE.fullmatch(file):
        content = by_ssh.read(*_split(elsewhere))
        return None if content is None else File(content)
    path = Path(file)
    try:
        if path.stat().st_size > MOST:
            raise DeployError(f"{path} is too large to be a file of Gatus")
        return File(path.read_bytes())
    except FileNotFoundError as error:
        if not path.parent.is_dir():
            raise DeployError(
                f"the folder of {path} is not on this machine",
                "Make it; or, where Gatus is on another, file: HOST:/PATH goes there by SSH.",
            ) from error
        return None
    except OSError as error:
        raise DeployError(f"{path} cannot be read: {error.strerror}") from error


def write(file: str, change: Change) -> None:
    """Make the file what the change says, whole or not at all; raises DeployError where it has changed."""
    if read(file) != change.before:
        raise DeployError(f"{file} has changed since the plan was made", "Run it again to see the new plan.")
    content = change.after.content if change.after else b""
    if elsewhere := ELSEWHERE.fullmatch(file):
        by_ssh.write(*_split(elsewhere), content)
        return
    path = Path(file)
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if change.before else 0o644
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as written:
            try:  # Gatus reads *.yaml and *.yml
                written.write(content)
                written.flush()
                os.fchmod(written.fileno(), mode)
                os.fsync(written.fileno())
                os.replace(written.name, path)
            except OSError:
                os.unlink(written.name)
                raise
    except OSError as error:
        raise DeployError(f"{path} cannot be written: {error.strerror}") from error


def _split(elsewhere: re.Match[str]) -> tuple[str, str]:
    """Who is asked, and for which path."""
    return elsewhere[0].removesuffix(f":{elsewhere['path']}"), elsewhere["path"]


def beat(url: str, token: str, beats: Mapping[str, str], optional: str = "") -> list[str]:
    """Tell of each heartbeat, by its key in Gatus, why it is not well, empty where it is; what went wrong.

    `optional` is one that Gatus need not know.
    """
    import httpx  # who only keeps the file has nobody to ask

    unknown, failures = 0, []
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx.Client(headers=headers, timeout=SECONDS) as client:
            for key, why in beats.items():
                words = {"success": "false", "error": why[:200]} if why else {"success": "true"}
                address = f"{url.rstrip('/')}/api/v1/endpoints/{key}/external"
                status = client.post(address, params=words).status_code
                unknown += status == httpx.codes.NOT_FOUND and key != optional
                if status == httpx.codes.UNAUTHORIZED:
                    return ["Gatus refuses the token of heartbeats"]
                if not 200 <= status < 300 and status != httpx.codes.NOT_FOUND:  # a redirect took nothing
                    failures.append(f"Gatus answers {status}")
    except httpx.HTTPError as error:
        slow = isinstance(error, httpx.TimeoutException)
        return [f"Gatus {'does not answer in time' if slow else 'cannot be reached'}"]
    if unknown:
        failures.append(f"Gatus does not know {unknown} of {len(beats)} heartbeats: deploy apply writes them")
    return list(dict.fromkeys(failures))
