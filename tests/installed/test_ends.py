"""What a program does at its end, it does itself, and once."""

import os
import subprocess

import pytest

from installed.conftest import INSTALLED

CLEANS_UP = """
source {installed}/lib/common/program
clean_up() {{ echo cleaned up after $?; }}
at_exit clean_up
"""


def run(script: str) -> tuple[str, int]:
    argv = ["bash", "-c", CLEANS_UP.format(installed=INSTALLED) + script]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout, done.returncode


def test_the_end_knows_the_code_and_keeps_it() -> None:
    assert run("exit 7") == ("cleaned up after 7\n", 7)


def test_a_child_cleans_up_nothing_of_its_parent_s() -> None:
    """Bash lets a child that is killed before it has begun run the trap of its parent, as this one does."""
    inherited = 'inherited=$(trap -p EXIT); (eval "$inherited"; exit 3); echo "the child ended with $?"'
    assert run(inherited) == ("the child ended with 3\ncleaned up after 0\n", 0)


UNSAID = """
source {installed}/lib/common/program
source {installed}/lib/common/site
clean_up() {{ tell_unsaid $?; echo "the log has: ${{ERROR%:*}}"; }}
at_exit clean_up
set -u
step place
"""


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (': "$never_set"', "✗ place: it ended with exit code 127 without saying why: that is a mistake of "),
        ("fail 'no room'", "✗ place: no room\n"),
        ("exit 0", "the log has: \n"),
    ],
)
def test_an_end_that_nobody_told_of_is_told(end: str, told: str) -> None:
    script = UNSAID.format(installed=INSTALLED) + end
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert told in done.stdout
    assert done.stdout.count("✗") == (end != "exit 0")


WORKS = """
source {installed}/lib/common/program
source {installed}/lib/common/site
source {installed}/lib/common/log
say heard by nobody
echo "went on after $?" >&2
"""


def test_who_writes_down_what_was_done_goes_on_when_nobody_hears_of_it_any_more() -> None:
    hears, says = os.pipe()
    os.close(hears)
    argv = ["bash", "-c", WORKS.format(installed=INSTALLED)]
    done = subprocess.run(argv, stdout=says, stderr=subprocess.PIPE, text=True, check=False)
    os.close(says)
    assert (done.returncode, done.stderr) == (0, "went on after 0\n")
