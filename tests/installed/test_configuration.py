"""What an application was configured with on an earlier image, for the server of now."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deployer.kinds.app import App
from deployer.seen.facts import Facts
from installed.conftest import INSTALLED

LIBRARY = INSTALLED / "lib/composition/configuration"
SHOP: dict[str, Any] = {"kind": "app", "repository": "https://git.example.org/shop.git", "port": 3000}


def written(folder: Path, name: str, **values: object) -> Path:
    """The docker-compose.yml of an application as apply writes it."""
    files = App.model_validate(SHOP | values).files("shop.test", Facts("debian", "13"))
    path = folder / name
    path.write_bytes(files["/opt/shop.test/docker-compose.yml"].content)
    return path


def sourced(line: str, *words: Path) -> subprocess.CompletedProcess[str]:
    script = f"set -euo pipefail; source {LIBRARY}; {line} {shlex.join(map(str, words))}"
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)


def for_now(tmp_path: Path, then: dict[str, object], now: dict[str, object]) -> tuple[str, str]:
    """The file of then for the server of now, and as it was."""
    kept = written(tmp_path, "then.yml", **then)
    done = sourced("configuration_of", kept, written(tmp_path, "now.yml", **now))
    assert done.returncode == 0, done.stderr
    return done.stdout, kept.read_text()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"volumes": {"data": "/data"}, "database": "postgres", "workers": {"mail": "mail"}},
        {"jobs": {"1 2 * * *": "a", "3 4 * * *": "b"}, "replicas": 3, "release": "migrate"},
    ],
)
def test_of_the_same_server_it_is_as_it_was(tmp_path: Path, values: dict[str, object]) -> None:
    made, kept = for_now(tmp_path, values, values)
    assert made == kept


def test_what_nginx_knows_is_that_of_now(tmp_path: Path) -> None:
    """And where the program listens in its container, and what it finds there, that of then."""
    then = {"port": 8080, "environment": {"A": "then"}, "command": "node then.js", "memory": "256M"}
    now = {"published": 3001, "replicas": 2, "environment": {"A": "now", "B": "now"}, "memory": "1G"}
    made, _ = for_now(tmp_path, then, now)
    assert "      - 127.0.0.1:${DEPLOY_PORT:-3001-3002}:8080\n    scale: 2\n" in made
    assert 'PORT: "8080"' in made
    assert 'A: "then"' in made
    assert 'B: "now"' not in made
    assert 'command: "node then.js"' in made
    assert "mem_limit: 256m" in made

    made, _ = for_now(tmp_path, now, {"volumes": {"data": "/data"}})
    assert "      - 127.0.0.1:3000:3000\n" in made
    assert "scale:" not in made
    assert 'B: "now"' in made


def test_each_job_of_then_belongs_to_the_timer_of_its_schedule(tmp_path: Path) -> None:
    """What has no timer any more is left out, for its number is another job's."""
    then = {"jobs": {"1 1 * * *": "one", "2 2 * * *": "two", "3 3 * * *": "three"}, "database": "postgres"}
    made, _ = for_now(tmp_path, then, {"jobs": {"3 3 * * *": "x", "4 4 * * *": "y", "1 1 * * *": "z"}})
    assert "  # 1 1 * * *: systemctl start deploy-job-shop.test-3\n  job-3:\n" in made
    assert "  # 3 3 * * *: systemctl start deploy-job-shop.test-1\n  job-1:\n" in made
    assert made.count("  job-") == 2
    assert [word for word in ("one", "two", "three", "x", "y", "z") if f'"{word}"' in made] == [
        "one",
        "three",
    ]
    assert "  db:\n" in made


def test_the_line_of_an_earlier_rollback_is_no_part_of_it(tmp_path: Path) -> None:
    now = written(tmp_path, "now.yml")
    kept = tmp_path / "then.yml"
    kept.write_text(f"# Rolled back to 20261130-120000, and so on\n{now.read_text()}")
    assert sourced("configuration_of", kept, now).stdout == now.read_text()


def test_a_file_that_somebody_has_written_stays_whole(tmp_path: Path) -> None:
    text = '{"services": {"app": {"ports": ["127.0.0.1:80:80"]}}}\n'
    kept = tmp_path / "then.yml"
    kept.write_text(text)
    assert sourced("configuration_of", kept, written(tmp_path, "now.yml")).stdout == text


def test_words_for_people_make_no_other_configuration(tmp_path: Path) -> None:
    one, other = written(tmp_path, "one.yml"), tmp_path / "other.yml"
    other.write_text("# Of an older version\n" + one.read_text())
    assert sourced("says_the_same", one, other).returncode == 0
    assert sourced("says_the_same", one, written(tmp_path, "more.yml", memory="1G")).returncode == 1
