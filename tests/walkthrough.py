"""A page that is walked through to the letter: the files that it says to write, in a copy of the package."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
WHOLE_FILE = re.compile(
    r"`((?:deployer|templates)/[\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def whole_files(page: Path) -> dict[str, str]:
    """Every file whose text is all there, by its path: the block below a line that ends with it."""
    return dict(WHOLE_FILE.findall(page.read_text("utf-8")))


def copied(folder: Path, *more: str) -> Path:
    """A copy of the package, its templates and these, in a folder that is there; compiled as they are."""
    for name in ("deployer", "templates", *more):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("vps"))
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write new files into the copy."""
    for path, text in files.items():
        assert not (folder / path).exists()
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def called(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a Python of its own does and says, with the copy in the folder as its package."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
