"""The few words that an archive says of itself, as the server reads them: anyone can make an archive."""

import json
import subprocess
from pathlib import Path

import pytest

import deployer

RECEIVE = Path(deployer.__file__).parent / "server/installed/lib/restore/receive"
SCRIPT = f"""
set -Eeuo pipefail
source {RECEIVE}
read_json "$0" || {{ echo refused; exit; }}
for key in "${{!VALUE[@]}}"; do printf '%s=%s\\n' "$key" "${{VALUE[$key]}}"; done
"""
LIMIT = "--cpu=10"  # seconds of the processor


def read(folder: Path, text: str) -> list[str]:
    (folder / "begin.json").write_text(text)
    argv = ["prlimit", LIMIT, "bash", "-c", SCRIPT, str(folder / "begin.json")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"})
    assert not done.stderr
    return sorted(done.stdout.splitlines())


def test_what_a_backup_writes_is_read(tmp_path: Path) -> None:
    said = {"name": "a.test", "format": 1, "paths": ["/a b", '/"c"\\'], "volumes": {"v": "/v"}, "dump": False}
    assert read(tmp_path, json.dumps(said, indent=1)) == [
        "dump=false",
        "format=1",
        "name=a.test",
        "paths.0=/a b",
        'paths.1=/"c"\\',
        "volumes.v=/v",
    ]
    assert len(read(tmp_path, json.dumps({"paths": [f"/srv/folder{n}" for n in range(500)]}))) == 500


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"x"',
        "7",
        '{"": 1}',
        '{"a": {"": {"": ',
        "[" * 100_000,
        '{"a":' * 20_000,
        " " * 1_000_000,
        "x" * 99,
    ],
    ids=["nothing", "word", "number", "no name", "cut", "deep", "deep too", "blanks", "no JSON"],
)
def test_what_is_none_is_refused(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == ["refused"]


def test_no_word_of_it_is_run(tmp_path: Path) -> None:
    run = f"$(touch {tmp_path}/run)"
    said = {f"volumes.{run}": "1", f"a[{run}]": 2, "b]": f"`touch {tmp_path}/run`", "@": run, "*": "x"}
    assert len(read(tmp_path, json.dumps(said))) == 5
    assert not (tmp_path / "run").exists()
    assert read(tmp_path, f'{{"members": a[{run}]}}') == ["refused"]
    assert not (tmp_path / "run").exists()
