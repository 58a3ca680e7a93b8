"""scripts/ranges asks for Cloudflare's addresses anew, and keeps what there is where the answer is none."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts/ranges"
GOOD = {"/ips-v4": "173.245.48.0/20\n103.21.244.0/22", "/ips-v6": "2400:cb00::/32\n"}


@pytest.fixture
def answers() -> Iterator[dict[str, str]]:
    """What a server of the test's own answers, and below `address`, where it is."""
    found = dict(GOOD)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = found.get(self.path)
            self.send_response(404 if said is None else 200)
            self.end_headers()
            self.wfile.write((said or "").encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    found["address"] = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()


def ask(folder: Path, answers: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "scripts").mkdir(exist_ok=True)
    shutil.copy(SCRIPT, folder / "scripts")
    file = folder / "cloudflare.ranges"
    return subprocess.run(
        [folder / "scripts/ranges", file], env={**os.environ, "RANGES_FROM": answers["address"]},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_they_are_written_with_their_date(tmp_path: Path, answers: dict[str, str]) -> None:
    done = ask(tmp_path, answers)
    assert done.returncode == 0, done.stderr
    *head, date, first, second, third = (tmp_path / "cloudflare.ranges").read_text().splitlines()
    assert date.startswith("# As of 20")
    assert (first, second, third) == ("173.245.48.0/20", "103.21.244.0/22", "2400:cb00::/32")
    assert len(head) == 1


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/ips-v4", "<html>"),
        ("/ips-v4", ""),
        ("/ips-v4", "0.0.0.0/0\n"),
        ("/ips-v4", "2400:cb00::/32"),
        ("/ips-v6", "173.245.48.0/20"),
        ("/ips-v6", None),
    ],
)
def test_what_is_no_list_of_ranges_changes_nothing(
    tmp_path: Path, answers: dict[str, str], path: str, said: str | None
) -> None:
    (tmp_path / "cloudflare.ranges").write_text("as it was")
    answers.pop(path)
    if said is not None:
        answers[path] = said
    assert ask(tmp_path, answers).returncode != 0
    assert (tmp_path / "cloudflare.ranges").read_text() == "as it was"
