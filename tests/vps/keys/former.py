"""A server as the version before bin/ and lib/ made it: the same scripts in one folder, and what names them there."""

import re
from hashlib import sha256
from pathlib import PurePosixPath

from deployer.rehearsal.machine import Machine
from deployer.seen import manifest

SCRIPTS = "/usr/local/lib/deploy"
NAMES = (
    (r'"\$INSTALLED/lib/\$(\w+)"', rf'"{SCRIPTS}/${{\1//\\//-}}"'),
    (r"\$INSTALLED/lib/([\w-]+)/(\$?[\w-]+)", rf"{SCRIPTS}/\1-\2"),
    (r"\$\{BASH_SOURCE\[0\]%/\*\}/pause", f"{SCRIPTS}/common-pause"),
    (r"\$INSTALLED/bin/", f"{SCRIPTS}/"),
    (r"\$INSTALLED/shims", f"{SCRIPTS}/bin"),
    (r"BUILD_PATH/shims:/shims:", "BUILD_PATH/bin:/bin:"),
    (rf"{SCRIPTS}/lib/([\w-]+)/([\w-]+)", rf"{SCRIPTS}/\1-\2"),
    (rf"{SCRIPTS}/bin/(?=[a-z])", f"{SCRIPTS}/"),
    (rf"(NOPASSWD: {SCRIPTS}/admit), .*", r"\1"),
)
"""How what is named now was named before."""


def path_of_before(path: str) -> str:
    """Where a file was that is at this path now."""
    parts = PurePosixPath(path.removeprefix(f"{SCRIPTS}/")).parts
    match parts if path.startswith(f"{SCRIPTS}/") else ():
        case ("bin", name):
            return f"{SCRIPTS}/{name}"
        case ("lib", family, name):
            return f"{SCRIPTS}/{family}-{name}"
        case ("shims", name):
            return f"{SCRIPTS}/bin/{name}"
    return path


def make_former(vps: Machine) -> list[str]:
    """Turn a server that was applied into one of before; the paths of its scripts."""
    listed = vps.root / manifest.PATH[1:]
    digests = {}
    files = {}
    for path in manifest.read(listed.read_bytes()):
        file = vps.root / path[1:]
        content = file.read_bytes()
        for now, before in NAMES:
            content = re.sub(now.encode(), before.encode(), content)
        if path == f"{SCRIPTS}/version":
            content = b"0.1.0\n"
        files[path_of_before(path)] = content, file.stat().st_mode
        if path_of_before(path) != path:
            file.unlink()
    vps.run(f"find {SCRIPTS} -type d -empty -delete")
    for path, (content, mode) in files.items():
        file = vps.root / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o755 if path.startswith(f"{SCRIPTS}/") and "version" not in path else mode & 0o777)
        digests[path] = sha256(content).hexdigest()
    listed.write_bytes(manifest.write(digests).content)
    vps.run("systemctl daemon-reload; sha256sum --check --quiet /var/lib/deploy/manifest")
    return sorted(path for path in files if path.startswith(f"{SCRIPTS}/") and "version" not in path)
