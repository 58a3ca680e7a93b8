"""What a push that was killed, or whose commits never arrive, leaves is in nobody's way."""

import subprocess
from pathlib import Path

import pytest

import deployer

SCRIPTS = Path(deployer.__file__).parent / "server/installed"

BEGIN = f"""
set -Eeuo pipefail
shopt -s extglob nullglob
trap 'echo "trapped: $BASH_COMMAND"' ERR
source {SCRIPTS}/lib/common/lock
INSTALLED={SCRIPTS} source {SCRIPTS}/lib/publication/fetch
KIND=static PHP_USER='' RELEASES=$PLACE/releases PACK=$(printf '1%.0s' {{1..40}})
no_file_fits() {{ return 1; }}
open_lock() {{ eval "exec $1>>\\"\\$2\\""; }}
step() {{ :; }}
fail() {{ echo "✗ $*"; exit 1; }}
"""


def run(place: Path, script: str) -> str:
    return subprocess.run(
        ["bash", "-c", BEGIN + script],
        env={"PATH": "/usr/bin:/bin", "PLACE": str(place), "BARE": f"{place}/repository.git"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def left(place: Path, *names: str) -> None:
    for name in names:
        (place / "tickets" / name).mkdir(parents=True)


KILLED = 'rm() { shift; command rm -rf "$1"; exit 0; }\n'  # after the first thing that it has removed


@pytest.mark.parametrize("end", ["give_ticket_back", "take_ticket"])
def test_a_number_is_free_only_when_all_of_its_push_is_gone(tmp_path: Path, end: str) -> None:
    left(tmp_path, "1.objects", "1.git")
    (tmp_path / "tickets/1").touch()
    run(tmp_path, f"TICKET=1\n{KILLED}{end}")
    assert (tmp_path / "tickets/1").exists()
    run(tmp_path, f"TICKET=1\n{end}\n[[ {end} = give* ]] || give_ticket_back")
    assert not list((tmp_path / "tickets").iterdir())


def test_commits_that_a_killed_push_has_left_are_in_nobodys_way(tmp_path: Path) -> None:
    left(tmp_path, "1.objects/pack")
    script = "make_bare() { :; }\nfree_space() { echo here; exit 0; }\ntake_ticket\nreceive_pack"
    assert run(tmp_path, script) == "here\n"
    assert not (tmp_path / "tickets/1.objects/pack").exists()


@pytest.mark.parametrize(
    ("arrived", "newer"),
    [(None, True), ("", False), ("pack/tmp_pack_1", False), ("pack/pack-1.idx", True)],
    ids=["no commits to come", "nothing", "a part", "all"],
)
def test_a_push_steps_aside_only_for_one_whose_commits_are_there(
    tmp_path: Path, arrived: str | None, newer: bool
) -> None:
    left(tmp_path, *([] if arrived is None else [f"2.objects/{arrived}"]))
    (tmp_path / "tickets").mkdir(exist_ok=True)
    script = 'exec 8>"$PLACE/tickets/2"; flock 8\nTICKET=1\nif newer_ticket; then echo newer; fi'
    assert run(tmp_path, script) == ("newer\n" if newer else "")
