"""What handlers name are functions of bash, from the file beside the module that names them."""

import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

import deployer
from deployer.parts import functions, owners
from deployer.shares.handler import Handler

SENT = Path(deployer.__file__).parent / "server"
WITH_HANDLERS = [owner for owner in owners() if getattr(owner, "HANDLERS", ())]
SAVE = """
eval "$1"
mkdir folder moved && echo "tell it" >list && save_back list folder "$PWD/moved" && mv folder/* moved/
"""


def bash(script: str, *words: str, folder: Path = SENT) -> str:
    done = subprocess.run(
        ["bash", "-euc", script, "-", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def beside(owner: ModuleType) -> Path:
    return Path(owner.__file__ or "").with_suffix(".sh")


def defined(text: str) -> set[str]:
    return set(bash('eval "$1"; declare -F | cut -d " " -f 3', text).split())


def named(handler: Handler) -> set[str]:
    commands = {command for command in (handler.check, handler.live, handler.back) if command}
    assert all(re.fullmatch(r"[a-z_]+( [\w./-]+)?", command) for command in commands), commands
    return {command.split()[0] for command in commands}


@pytest.mark.parametrize("owner", WITH_HANDLERS, ids=lambda owner: owner.__name__)
def test_each_function_is_beside_the_module_that_names_it(owner: ModuleType) -> None:
    wanted = set().union(*map(named, owner.HANDLERS))
    assert wanted - defined(beside(owner).read_text()) == set()


def test_no_function_is_there_twice_and_each_file_has_its_module() -> None:
    there = [path for folder in ("parts", "kinds") for path in (SENT.parent / folder).glob("*.sh")]
    there = [path for path in there if not path.name.endswith(".look.sh")]
    assert sorted(there) == sorted({beside(owner) for owner in owners() if beside(owner).exists()})
    names = re.findall(r"^(\w+)\(\)", functions().decode(), re.M)
    assert len(names) == len({*names})


def test_what_is_saved_to_be_undone_runs_without_apply(tmp_path: Path) -> None:
    """As a timer or a restart does it, when the folder has moved, and everything else is gone."""
    handlers = (SENT / "sent/apply/handlers.sh").read_text()
    bash(SAVE, 'tell() { echo "told $1"; }\n' + handlers, folder=tmp_path)
    (tmp_path / "list").unlink()
    assert bash('while read -r line; do bash -c "$line"; done <moved/back', folder=tmp_path) == "told it\n"


def test_what_an_apply_of_before_has_saved_is_undone_all_the_same(tmp_path: Path) -> None:
    """It had lines of bash, some with functions that it had exported; one that fails stops none."""
    (tmp_path / "back").write_text("false\nif [ -e back ]; then tell old >>told; fi\necho raw >>told\n")
    handlers = (SENT / "sent/apply/handlers.sh").read_text()
    bash('eval "$1"; run_back .', 'tell() { echo "told $1"; }\n' + handlers, folder=tmp_path)
    assert (tmp_path / "told").read_text() == "told old\nraw\n"
    there = defined(functions().decode())
    assert {"reload_nginx", "set_jails"} <= there, "these are in transactions of before"


def test_a_check_that_does_not_end_is_one_that_refuses(tmp_path: Path) -> None:
    """Else the apply, and whoever waits for its lock, would hang for good."""
    script = """
        check_slowly() { echo "looking at $1"; sleep 1000 & wait; }
        go_slowly() { sleep 1.5; echo gone; }
        for part in words handlers check; do . sent/apply/$part.sh; done
        incoming=$1 LONGEST_CHECK=1
        : >"$incoming/refused"
        echo "$1" >"$incoming/changed-paths"
        failed="$1"$'\\tthe test\\tcheck_slowly'
        if passes; then exit 1; fi
        say "$words"
        failed="$1"$'\\t-\\tgo_slowly'
        passes && say "$words"
    """
    told = bash(script, str(tmp_path)).splitlines()
    assert told == [f"looking at {tmp_path}", "check_slowly did not end within 1 s", "gone"]
