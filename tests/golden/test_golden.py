"""A whole server as a tree of files: what a change of a template does is seen in the diff of this folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.kinds import models
from deployer.planning.desired import Desired
from golden.server import FOLDERS, RELEASES, config, golden


def tree(desired: Desired) -> dict[str, str]:
    """What is kept here, by path: all but the constant scripts, and a list of all."""
    files = {path: file for path, file in desired.files.items() if not path.startswith("/usr/local/")}
    return {"LIST": listing(desired), **{path[1:]: file.content.decode() for path, file in files.items()}}


def listing(desired: Desired) -> str:
    lines = [
        *(f"package {name}" for name in sorted(desired.packages)),
        *(f"hugo {version}" for version in sorted(desired.hugo)),
        *(f"certificate {name}: {' '.join(names)}" for name, names in desired.certificates.items()),
        *(f"absent {path}" for path in sorted(desired.absent)),
        *(
            f"{file.mode:04o} {file.owner}:{file.group} {path}{for_site(desired, path)}"
            for path, file in desired.files.items()
            if not path.startswith("/usr/local/")
        ),
        *(f"unit {unit}" for unit in sorted(desired.units)),
        *(f"before apt {path}" for path in sorted(desired.sources)),
        *(f"secret {name} in {path} ({s})" for path, ss in desired.secrets.items() for name, s in ss.items()),
        *(f"note {note}" for note in (*desired.pressing, *desired.notes)),
        *(f"note {remark}" for _, remark in desired.remarks),
    ]
    return "\n".join(lines) + "\n"


def for_site(desired: Desired, path: str) -> str:
    return f" ({desired.site_of[path]})" if path in desired.site_of else ""


def kept(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("configuration", FOLDERS)
@pytest.mark.parametrize("release", RELEASES)
def test_the_server_is_the_one_that_was_reviewed(
    release: str, configuration: str, request: pytest.FixtureRequest
) -> None:
    wanted = tree(golden(release, configuration))
    folder = FOLDERS[configuration] / release
    if request.config.getoption("update_golden"):
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in wanted.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    found = kept(folder)
    assert sorted(found) == sorted(wanted), "see --update-golden"
    for path, text in wanted.items():
        assert found[path] == text, f"{path}: see --update-golden"


def test_every_kind_is_in_one_of_them() -> None:
    entries = [entry for name in FOLDERS for entry in config(name).everything.values()]
    assert {type(entry) for entry in entries} == {model for _, model in models()}


@pytest.mark.in_turns
@pytest.mark.parametrize("configuration", FOLDERS)
@pytest.mark.parametrize("release", RELEASES)
def test_gixy_finds_nothing(release: str, configuration: str, tmp_path: Path) -> None:
    tree = shutil.copytree(FOLDERS[configuration] / release / "etc/nginx", tmp_path / "etc/nginx")
    for file in tree.rglob("*.conf"):
        file.write_text(file.read_text().replace("/etc/nginx/", f"{tree}/"))
    main = tmp_path / "nginx.conf"
    main.write_text(f"events {{}}\nhttp {{\n    include {tree}/conf.d/*.conf;\n}}\n")
    said = subprocess.run([Path(sys.executable).with_name("gixy"), main], capture_output=True, text=True)
    assert "No issues found" in said.stdout, said.stdout
    assert said.returncode == 0
