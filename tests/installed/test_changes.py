"""A large site of which little changes: is a release as it was made, and what is derived of what changes?"""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import deployer

LIB = Path(deployer.__file__).parent / "server/installed/lib/publication"
NAMES = ("index.html", "a/one.html", "a/one.css", "b c/two.html", "b/deep/er/three.html")


def call(work: Path, command: str) -> subprocess.CompletedProcess[str]:
    program = f"set -Eeuo pipefail; . {LIB}/changes; . {LIB}/build; SETTINGS='2 gz-9' QUALITY=82; {command}"
    return subprocess.run(
        ["bash", "-c", program],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", "WORK": str(work)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release of some files and what was derived of them, older than its lists."""
    folder = tmp_path / "release"
    lines = []
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("", ".gz"):
            (folder / f"{name}{suffix}").write_text(name)
        lines.append(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n")
    Path(f"{folder}.sha256").write_text("".join(sorted(lines)))
    Path(f"{folder}.derived").write_text("2 gz-9\n" + "".join(f"{name}.gz\n" for name in sorted(NAMES)))
    for path in folder.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    return folder


def replace_by_one_of_two_lines(release: Path) -> None:
    for name in ("a/one.html", "a/one.css"):
        (release / name).unlink()
    (release / "a/one.css\na").mkdir()
    (release / "a/one.css\na/one.html").write_text("")
    os.utime(release / "a/one.css\na/one.html", (1_000_000_000, 1_000_000_000))


def edit(release: Path) -> None:
    (release / "a/one.css").write_text("by hand")


def take_away(release: Path) -> None:
    (release / "b/deep/er/three.html.gz").unlink()


def add_as_old_as_the_others(release: Path) -> None:
    (release / "b/new.html").write_text("new")
    os.utime(release / "b/new.html", (1_000_000_000, 1_000_000_000))


def rename(release: Path) -> None:
    (release / "a/one.html").rename(release / "a/another.html")


def swap_for_a_link(release: Path) -> None:
    (release / "a/one.html").unlink()
    (release / "a/one.html").symlink_to("/etc/passwd")
    os.utime(release / "a/one.html", (1_000_000_000, 1_000_000_000), follow_symlinks=False)


def change_the_settings(release: Path) -> None:
    file = Path(f"{release}.derived")
    file.write_text(file.read_text().replace("gz-9", "gz-8"))


def lose_a_list(release: Path) -> None:
    Path(f"{release}.sha256").unlink()


def test_a_release_is_as_it_was_made(release: Path, tmp_path: Path) -> None:
    assert call(tmp_path, f"is_as_made {release}").returncode == 0


def test_one_pass_tells_whether_it_is(release: Path, tmp_path: Path) -> None:
    """Where there are 150,000 files, each pass is a good part of a push."""
    counted = tmp_path / "programs/find"
    counted.parent.mkdir()
    counted.write_text(f'#!/bin/bash\necho "$1" >>{tmp_path}/passes\nexec /usr/bin/find "$@"\n')
    counted.chmod(0o755)
    assert call(tmp_path, f"PATH={counted.parent}:$PATH; is_as_made {release}").returncode == 0
    assert (tmp_path / "passes").read_text() == f"{release}\n"


@pytest.mark.parametrize(
    "by_hand",
    [
        edit,
        take_away,
        add_as_old_as_the_others,
        rename,
        swap_for_a_link,
        replace_by_one_of_two_lines,
        change_the_settings,
        lose_a_list,
    ],
)
def test_what_somebody_did_to_it_is_seen(
    by_hand: Callable[[Path], None], release: Path, tmp_path: Path
) -> None:
    by_hand(release)
    assert call(tmp_path, f"is_as_made {release}").returncode == 1


@pytest.mark.parametrize(
    ("different", "derived"),
    [
        ([], []),
        (["nowhere.html"], []),
        (["one.html"], []),
        (["a/one.html"], ["a/one.html.gz"]),
        (["b c/two.html", "a/one.css", "index"], ["a/one.css.gz", "b c/two.html.gz"]),
    ],
)
def test_only_what_is_of_these_files_is_derived_of_them(
    different: list[str], derived: list[str], release: Path, tmp_path: Path
) -> None:
    (tmp_path / "names").write_text("".join(f"{name}\n" for name in different))
    done = call(tmp_path, f"derived_of {tmp_path}/names {release}")
    assert (done.returncode, done.stdout.splitlines()) == (0, derived)


def test_what_is_to_be_derived_is_of_what_is_new(tmp_path: Path) -> None:
    """Not of what is the same, nor what the site ships itself, nor of small texts."""
    (tmp_path / "sizes").write_text(
        "900\tnew.html\n900\tsame.html\n100\tsmall.css\n900\tships.js\n9\tships.js.gz\n"
    )
    (tmp_path / "same").write_text("same.html\nold.html\n")
    files = ("new.html", "same.html", "small.css", "ships.js", "ships.js.gz", "old.html")
    (tmp_path / "sha256").write_text("".join(f"{number:064}  {name}\n" for number, name in enumerate(files)))
    done = call(tmp_path, "compressible")
    assert done.stdout == f"gz-9\t{0:064}\t900\tnew.html\n"
