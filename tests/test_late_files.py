"""Files whose content is made when somebody asks for it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.files import File, LateFile, make

SITES = """\
sites:
  a.test: {kind: static, repository: https://git.test/a.git}
  b.test: {kind: proxy, port: 8080}
"""


def test_it_is_made_once_and_only_if_somebody_asks() -> None:
    contents = [b"first"]
    file = LateFile(contents.pop, 0o600)
    assert (file.mode, file.owner, contents) == (0o600, "root", [b"first"])
    assert [file.content, file.content] == [b"first", b"first"]


def test_it_is_like_one_that_was_made_at_once() -> None:
    late, now = LateFile(lambda: b"a", 0o755), File(b"a", 0o755)
    assert late == now
    assert now == late
    assert hash(late) == hash(now)
    assert late.digest == now.digest
    assert late != File(b"b", 0o755)
    assert late != File(b"a")
    assert late != File(b"a", 0o755, secret=True)
    assert replace(late, secret=True) == File(b"a", 0o755, secret=True)
    assert replace(late, content=b"b") == File(b"b", 0o755)


def test_what_is_wrong_is_told_when_it_is_made() -> None:
    def wrong() -> bytes:
        raise DeployError("no")

    with pytest.raises(DeployError, match="no"):
        make({"/a": LateFile(wrong)})


def test_what_there_is_to_ask_of_a_server_needs_no_template(tmp_path: Path) -> None:
    """To load them takes longer than the server takes for its first answers."""
    (tmp_path / "sites.yaml").write_text(SITES)
    program = "import sys; from pathlib import Path; from deployer.config.loader import load;"
    program += "from deployer.planning.stages import in_the_end, NOT_LOOKED_AT;"
    program += "from deployer.planning.desired import questions_of;"
    program += "asked = [*questions_of(in_the_end(load(Path('sites.yaml')), NOT_LOOKED_AT))];"
    program += "print(len(asked) > 20, 'jinja2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True False\n"


def test_no_plan_reads_e_mails(tmp_path: Path) -> None:
    """As what tells versions of packages does, and what looks for plugins of pydantic."""
    (tmp_path / "sites.yaml").write_text(SITES)
    program = "import sys; from pathlib import Path; from deployer.config.loader import load;"
    program += "import deployer.server.lean, deployer.tasks.converge;"
    program += "from deployer.planning.stages import in_the_end;"
    program += "from deployer.seen.facts import Facts;"
    program += "wanted = in_the_end(load(Path('sites.yaml')), Facts('debian', '13'));"
    program += "[file.content for file in wanted.files.values()];"
    program += "print([name for name in ('email.message', 'importlib.metadata') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
