"""What a server is asked: words that carry no syntax, and no question that it does not understand."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.errors import DeployError
from deployer.shares.question import WORDS, Kind, Question
from deployer.tasks import script

KINDS = st.sampled_from(sorted(WORDS))


@given(KINDS, st.text(max_size=20))
def test_a_question_is_one_line(kind: Kind, word: str) -> None:
    try:
        line = str(Question(kind, word))
    except DeployError:
        return
    assert line.split("\n") == [f"{kind} {word}"]
    assert word[0] == "/" or (word[0].isalnum() and not {*word} & {*"*?[]/ "})


def test_observe_sh_knows_each_kind_and_no_other() -> None:
    assert {found.decode() for found in re.findall(rb"^ +'([a-z]+) '\?\*\)", script("observe.sh"), re.M)} == {
        *WORDS
    }


@pytest.mark.parametrize("asked", ["weather tomorrow", "unit", "unit ", "$(touch run)", "", "path\t/etc"])
def test_what_nobody_can_answer_is_refused(asked: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", script("observe.sh")],
        input=f"path /etc\n{asked}\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.endswith(f"observe.sh knows no question such as '{asked}'\n")
    assert not [*tmp_path.iterdir()]
