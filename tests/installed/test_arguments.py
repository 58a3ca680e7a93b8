"""Each program that a server has tells how it is called, and refuses what it is not called like."""

import subprocess
from pathlib import Path

import pytest

import deployer

INSTALLED = Path(deployer.__file__).parent / "server/installed"
PROGRAMS = sorted(INSTALLED.glob("bin/*"))
READER = 'set -euo pipefail; source "$0/lib/common/program"; USAGE=$1; shift; '
READER += "REF='' FORCE='' AT=() WAIT=''; read_arguments \"$@\"; "
READER += 'printf "%s|" "${ARGUMENTS[*]}" "$REF" "$FORCE" "${AT[*]}" "$WAIT" "$BY"'
USE = "push NAME [--ref REF] [--force] [--by WHO] [--at PLACE]… [--missing | --wait SECONDS]"


def call(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, check=False
    )


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_a_program_answers_help(program: Path) -> None:
    told = call(program, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"usage: {program.name.removeprefix('compose-')}")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_a_program_refuses_a_wrong_call_in_a_line_and_its_use(program: Path) -> None:
    told = call(program, "--nonsense")
    why, use = (told.stdout + told.stderr).splitlines()
    assert told.returncode == 2
    assert why.startswith("✗ ")
    assert use.startswith(f"usage: {program.name.removeprefix('compose-')}")


@pytest.mark.parametrize(
    ("argv", "read"),
    [
        (["shop"], "shop|||||ada|"),
        (["--ref", "v1", "shop", "--force"], "shop|v1|1|||ada|"),
        (["shop", "--at", "a", "--at", "b", "--wait", "3"], "shop|||a b|3|ada|"),
        (["shop", "--by", "bob\nand more"], "shop|||||bob and more|"),
        (["shop", "--ref", "--force"], "shop|--force||||ada|"),
    ],
)
def test_a_line_of_use_is_how_arguments_are_read(argv: list[str], read: str) -> None:
    told = call("env", "SUDO_USER=ada", "bash", "-c", READER, INSTALLED, USE, *argv)
    assert (told.returncode, told.stdout) == (0, read), told.stderr


@pytest.mark.parametrize(
    ("use", "argv", "why"),
    [
        (USE, [], "NAME is missing"),
        (USE, ["a", "b"], "what is b? one name at a time"),
        (USE, ["a", "--by"], "--by wants a value"),
        (USE, ["a", "--of"], "unknown option --of"),
        (USE, ["a", "-f"], "unknown option -f"),
        ("begin", ["a"], "what is a?"),
        ("give NAME --plan | NAME --back", ["a", "b"], "what is b? one name at a time"),
    ],
)
def test_what_is_not_in_the_line_of_use_is_refused(use: str, argv: list[str], why: str) -> None:
    told = call("bash", "-c", READER, INSTALLED, use, *argv)
    assert (told.returncode, told.stdout) == (2, f"✗ {why}\nusage: {use}\n")


def test_what_may_come_often_may_be_missing() -> None:
    for argv in ([], ["a", "b", "c"]):
        told = call("bash", "-c", READER, INSTALLED, "save [NAME…] [--by WHO] | save --all", *argv)
        assert told.stdout.startswith(" ".join(argv) + "|")


def test_what_stands_behind_two_dashes_is_the_command() -> None:
    reader = 'source "$0/lib/common/program"; USAGE=$1; shift; read_arguments "$@"; '
    reader += 'printf "%s|" "${ARGUMENTS[@]}" "${COMMAND[@]}"'
    use = "exec NAME [--terminal] -- COMMAND…"
    words = ["--terminal", "--", "a b", "", "--help"]
    told = call("bash", "-c", reader, INSTALLED, use, "shop", "--", *words)
    assert (told.returncode, told.stdout) == (0, f"shop|{'|'.join(words)}|")
    for argv in (["shop"], ["shop", "--"]):
        told = call("bash", "-c", reader, INSTALLED, use, *argv)
        assert (told.returncode, told.stdout.splitlines()[0]) == (2, "✗ COMMAND is missing")
