"""What a tool's address answers is bounded, whatever it says of itself."""

import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import deployer

TOOLS = Path(deployer.__file__).parent / "server/installed/lib/publication/tools"
MOST = 300_000
SCRIPT = f"""
source "{TOOLS}"
MOST_OF_A_TOOL={MOST} WORK=$1 name=node version=22
unprivileged() {{ shift; "$@"; }}
last_words() {{ tail -n 1 "$1"; }}
fail() {{ printf '%s' "$*"; exit 1; }}
fetch_for_tool "$2" >"$WORK/tool.archive" || no_tool "$2"
"""


class Liar(http.server.BaseHTTPRequestHandler):
    """Sends more than anybody wants, and says no length."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(bytes(100_000))
        except OSError:
            pass

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Liar) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/node.tar.gz"
        server.shutdown()


def test_an_answer_without_end_ends_at_the_most_that_a_tool_may_have(address: str, tmp_path: Path) -> None:
    argv = ["bash", "-c", SCRIPT, "-", str(tmp_path), address]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert (tmp_path / "tool.archive").stat().st_size <= MOST
    assert done.returncode == 1
    assert done.stdout.startswith(f"node 22 could not be installed from {address}:")
