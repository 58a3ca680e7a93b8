"""What a server is asked: words that carry no syntax, and no question that it does not understand."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import deployer
from deployer.config.model import Config
from deployer.errors import DeployError
from deployer.parts import looks, owners, questions
from deployer.seen.facts import Setting
from deployer.seen.observation import read_observation
from deployer.shares.question import WORDS, Kind, Question
from deployer.tasks import script
from deployer.tasks.observe import batch

OBSERVE = Path(deployer.__file__).parent / "server/sent/observe.sh"
OF_PARTS = ("nginx", "docker", "compose", "certbot", "letsencrypt", "fail2ban", "jail", "ufw", "hugo", "sshd")
UNSAID = (
    *("weather tomorrow", "unit", "unit ", "$(touch run)", "path\\t/etc", " path /etc"),
    *("version docker", "setting x", "look up", "look x; y", "look ../nginx"),
)
KINDS = st.sampled_from(sorted(WORDS))


@given(KINDS, st.text(max_size=20))
def test_a_question_is_one_line(kind: Kind, word: str) -> None:
    try:
        line = str(Question(kind, word))
    except DeployError:
        return
    assert line.split("\n") == [f"{kind} {word}"]
    assert word[0] == "/" or (word[0].isalnum() and not {*word} & {*"?[]$`\"'"})


def test_observe_sh_knows_each_kind_and_no_other() -> None:
    known = re.findall(r"^ +'([a-z]+) '\?\*[^a-z]*\) ", script("observe.sh").decode(), re.MULTILINE)
    assert sorted(known) == sorted(WORDS)


def test_what_looks_further_is_asked_by_its_part() -> None:
    dns = {"provider": "cloudflare", "token": "env:A"}
    sites = {"php.test": {"kind": "php"}, "blog.test": {"kind": "wordpress"}}
    config = Config.model_validate({"sites": sites, "dns": dns})  # for others, some are not asked
    asked = {each.word for each in questions(config) if each.kind == "look"}
    there = re.findall(r"^look_(\w+)\(\) \{", looks().decode(), re.MULTILINE)
    assert sorted(there) == sorted(asked)
    names = re.findall(r"^(\w+)\(\)", script("observe.sh").decode(), re.MULTILINE)
    assert len(names) == len({*names}), "one would take the other's place"
    assert {*there} <= {owner.__name__.rpartition(".")[2] for owner in owners()}


def test_observe_sh_names_nothing_of_a_part() -> None:
    code = re.sub(r"(?m)(^|\s)#.*", "", OBSERVE.read_text()).lower()
    assert [name for name in OF_PARTS if name in code] == []


@pytest.mark.in_turns
@pytest.mark.parametrize("before", ["", "path /etc\n\n"])
@pytest.mark.parametrize("asked", UNSAID)
def test_what_nobody_can_answer_is_refused(asked: str, before: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", script("observe.sh")],
        input=f"{before}path /etc\n{asked}\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.endswith(f"observe.sh knows no question such as '{asked}'\n")
    assert not [*tmp_path.iterdir()]


def test_answers_are_in_the_facts_by_what_was_asked(tmp_path: Path) -> None:
    files = {
        "a.conf": "[DEFAULT]\nsize = 1 GB\n# size = 2\n[[app]]\nsize=[x]=y\nsize_of=3\n",
        "b c.conf": "size=\n",
        "b.ini": "size=4\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    asked = [
        Question("path", f"{tmp_path}/a.conf"),
        Question("path", f"{tmp_path}/*.conf"),
        Question("paths", f"{tmp_path}/*.conf"),
        Question("paths", f"{tmp_path}/*.none"),
        Question("setting", f"size {tmp_path}/*.conf"),
        Question("version", "shell nothing dash>=99 dash"),
        Question("version", "later dash>=99"),
        Question("file", f"{tmp_path}/b c.conf"),
        Question("file", f"{tmp_path}"),
    ]
    done = subprocess.run(
        ["bash", "-c", script("observe.sh")], input=batch(asked), capture_output=True, check=True
    )
    seen = read_observation(done.stdout)
    a, b = f"{tmp_path}/a.conf", f"{tmp_path}/b c.conf"
    assert seen.facts.missing == {f"{tmp_path}/*.conf"}
    assert seen.facts.there == {a, b}
    assert sorted(seen.facts.settings) == [
        Setting(a, "DEFAULT", "size", "1 GB"),
        Setting(a, "app", "size", "[x]=y"),
        Setting(b, "", "size", ""),
    ]
    assert {*seen.facts.versions} == {"shell"}
    assert (seen.files[b].content, seen.folders) == (b"size=\n", {f"{tmp_path}"})


def test_an_answer_that_finds_no_room_is_none(tmp_path: Path) -> None:
    """Not one without what was to come, from which the rest would seem to be missing on the server."""
    asked = batch([Question("path", f"{tmp_path}/{number}") for number in range(100)])
    script_of = script("observe.sh").decode()
    done = subprocess.run(
        ["bash", "-c", 'trap "" XFSZ; ulimit -f 2; exec bash -c "$0"', script_of],
        input=asked,
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"there is no room for the answer in " in done.stderr
    assert not [*tmp_path.iterdir()]
