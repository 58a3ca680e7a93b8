"""What a program does at its end, it does itself, and once."""

import subprocess

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
