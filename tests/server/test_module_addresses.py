"""Where a submodule with a relative address is, as Git itself says."""

import subprocess
from pathlib import Path

import pytest

import deployer

MODULES = Path(deployer.__file__).parent / "server/installed/lib/publication/modules"
OF = {
    ("git@git.example.org:me/site.git", "../theme.git"): "git@git.example.org:me/theme.git",
    ("git@git.example.org:me/site.git/", "../../all/theme"): "git@git.example.org:all/theme",
    ("git@git.example.org:site.git", "../theme.git"): "git@git.example.org:theme.git",
    ("ssh://git@git.example.org:2222/me/site.git", "./../theme"): "ssh://git@git.example.org:2222/me/theme",
    ("git@git.example.org:/srv/git/site.git", "./theme"): "git@git.example.org:/srv/git/site.git/theme",
    ("git@git.example.org:me/site.git", "https://git.example.org/theme"): "https://git.example.org/theme",
}


@pytest.mark.parametrize(("beside", "address"), OF)
def test_a_relative_address_is_read_as_git_reads_it(beside: str, address: str, tmp_path: Path) -> None:
    argv = ["bash", "-c", f'source "{MODULES}"; full_address "$1" "$2"', "-", beside, address]
    assert (
        subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip() == OF[beside, address]
    )
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "remote", "add", "origin", beside], check=True)
    (tmp_path / ".gitmodules").write_text(f'[submodule "m"]\n\tpath = m\n\turl = {address}\n')
    entry = f"160000,{'1' * 40},m"
    subprocess.run([*git, "update-index", "--add", "--cacheinfo", entry], check=True)
    subprocess.run([*git, "submodule", "--quiet", "init"], check=True)
    found = subprocess.run([*git, "config", "submodule.m.url"], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == OF[beside, address]
