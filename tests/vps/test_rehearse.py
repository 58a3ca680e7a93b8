"""deploy rehearse: the whole of a sites.yaml on a VPS that nobody has set up before, and what can be done there."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vps.project import DEPLOY, GIT

SITES = """\
# the sites of Alma
server:
  host: vps.example.org     # another one
sites:
  page.example.org: {kind: static, repository: page}
  wrong.example.org: {kind: static, repository: page, branch: nothing}
"""


def deploy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEPLOY, *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def folder(tmp_path: Path, throwaway: None) -> Iterator[Path]:
    page = tmp_path / "page"
    subprocess.run([*GIT, "init", "--quiet", "--initial-branch=main", page], check=True)
    (page / "index.html").write_text("<h1>One</h1>\n")
    subprocess.run([*GIT, "-C", page, "add", "."], check=True)
    subprocess.run([*GIT, "-C", page, "commit", "--quiet", "-m", "Begin"], check=True)
    (tmp_path / "sites.yaml").write_text(SITES)
    yield tmp_path
    for written in tmp_path.glob("sites.vps-*.yaml"):
        deploy(tmp_path, "rehearse", "--stop", written.stem.removeprefix("sites."))


def test_one_wrong_site_is_told_and_a_kept_vps_can_be_worked_with(folder: Path) -> None:
    done = deploy(folder, "rehearse", "--keep")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert f"✗ {folder}/page has no branch, tag or commit nothing; its branches: " in done.stderr
    assert "page.example.org is live: " in done.stderr
    assert re.search(r"^page\.example\.org +200 in ", done.stdout, re.MULTILINE)
    assert "The rehearsal failed in " in done.stderr

    (sites,) = folder.glob("sites.vps-*.yaml")
    name = sites.stem.removeprefix("sites.")
    assert f"deploy status -c {sites.name}" in done.stderr
    assert done.stderr.rstrip().endswith(f"rehearse --stop {name}")
    text = sites.read_text()
    assert text.startswith("# the sites of Alma\nserver: {host: 10.213.")
    assert "vps.example.org" not in text
    assert (folder / "sites.yaml").read_text() == SITES
    assert (folder / f".{name}/key").stat().st_mode & 0o077 == 0
    assert (folder / f".{name}/key.pub").read_text().startswith("ssh-ed25519 ")

    (curl,) = [line for line in done.stderr.splitlines() if line.startswith("  curl ")]
    page = subprocess.run(shlex.split(curl), cwd=folder, capture_output=True, text=True, check=True).stdout
    assert page == "<h1>One</h1>\n"

    (ssh,) = [line for line in done.stderr.splitlines() if line.startswith("  ssh -F ")]
    command = [*shlex.split(ssh), "hostname"]
    assert subprocess.check_output(command, cwd=folder, stdin=subprocess.DEVNULL, text=True) == f"{name}\n"

    # no DNS knows these names, and no file on the VPS
    sites.write_text(text.replace("wrong.example.org", "new.example.org").replace(", branch: nothing", ""))
    pushed = deploy(folder, "push", "new.example.org", "--yes", "-c", sites.name)
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert "✓ switch" in pushed.stderr

    stopped = deploy(folder, "rehearse", "--stop", name)
    assert (stopped.returncode, stopped.stderr) == (0, f"✓ {name} is stopped and removed; {sites} stays\n")
    assert not (folder / f".{name}").exists()
    again = deploy(folder, "rehearse", "--stop", name)
    assert again.returncode == 1
    assert f"No kept machine {name} runs" in again.stderr
