"""What apply.sh says of apt is true, and tells nobody the passwords of the owner's sources."""

import subprocess
from pathlib import Path

import pytest

import deployer

PARTS = Path(deployer.__file__).parent / "server/sent/apply"

SOURCES = """
apt-get() {
    echo "'https://ada:SECRET@repo.example/debian/dists/stable/Release' repo.example_Release 0"
    echo "'https://open.example/a@b/dists/stable/Release' open.example_Release 0"
}
timeout() { echo "$*" >>"$incoming/asked"; echo "E: Failed to fetch ${*: -2:1}"; return 100; }
is_all_here() { false; }
echo nginx >"$incoming/packages"
ask_sources
"""

HALF_DONE = """
done=none
apt_at_work() { if [ "$done" = "$until" ]; then echo apt_at_work 812 apt-get; fi; }
sleep() { :; }
dpkg_list() { printf '%s' "$done"; }
comes_along() { if [ "$done" = some ]; then echo remove exim4; fi; }
apt-get() { case $1 in install) return 100 ;; esac; }
tries=0
eval "first_$(declare -f install_as_planned)"
install_as_planned() {
    if ((tries++ == 0)); then done=$first; return 100; fi
    first_install_as_planned "$@"
}
echo nginx >"$incoming/packages"
install_packages
"""


def run(script: str, incoming: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    parts = "".join(f". {PARTS}/{part}.sh; " for part in ("words", "packages"))
    return subprocess.run(
        ["bash", "-uc", f"{parts}\n{script}"],
        env={"PATH": "/usr/bin:/bin", "incoming": str(incoming), "dpkg_before": "", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_password_of_a_source_is_neither_told_nor_an_argument(tmp_path: Path) -> None:
    told = run(SOURCES, tmp_path)
    assert told.returncode == 1
    assert "not where its packages come from (" in told.stdout
    assert "repo.example" in told.stdout
    assert "SECRET" not in told.stdout + told.stderr
    asked = (tmp_path / "asked").read_text()
    assert " https://repo.example/debian/dists/stable/Release.gpg " in asked
    assert " https://open.example/a@b/dists/stable/Release.gpg " in asked
    assert "SECRET" not in asked


@pytest.mark.parametrize("until", ["some", "never"], ids=["apt stays at work", "apt would do more"])
def test_a_second_try_that_ends_says_what_the_first_has_installed(tmp_path: Path, until: str) -> None:
    told = run(HALF_DONE, tmp_path, until=until, first="some")
    assert told.returncode == 76, told.stdout + told.stderr
    assert "nothing was changed" not in told.stdout
    assert "some packages were installed" in told.stdout


def test_a_try_that_ends_before_anything_was_installed_says_so(tmp_path: Path) -> None:
    told = run(HALF_DONE, tmp_path, until="none", first="none")
    assert told.returncode == 1
    assert "for two minutes; nothing was changed" in told.stdout
