"""What a tool's address answers is bounded, whatever it says of itself."""

import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import deployer

TOOLS = Path(deployer.__file__).parent / "server/installed/lib/publication/tools"
MOST = 1_000_000
SCRIPT = f"""
source "{TOOLS}"
MOST_OF_A_TOOL={MOST} TOOL_SECONDS=${{3:-600}} WORK=$1 name=node version=22
unprivileged() {{ timeout "$@"; }}
last_words() {{ tail -n 1 "$1"; }}
fail() {{ printf '%s' "$*"; exit 1; }}
fetch_for_tool "$2" >"$WORK/tool.archive" || no_tool "$?" "$2"
"""


class Liar(http.server.BaseHTTPRequestHandler):
    """Sends more than anybody wants, and says no length; or says it, or sends nothing at all."""

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/honest":
            self.send_header("Content-Length", "10000000")
        self.end_headers()
        if self.path == "/late":
            self.rfile.read()
            return
        try:
            for _ in range(100):
                self.wfile.write(bytes(100_000))
        except OSError:
            pass

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/endless", "/honest", "/late"])
def test_an_answer_ends_at_what_a_tool_may_have_and_that_is_told(
    address: str, tmp_path: Path, path: str
) -> None:
    late = path == "/late"
    argv = ["bash", "-c", SCRIPT, "-", str(tmp_path), address + path, *(["1"] if late else [])]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert (tmp_path / "tool.archive").stat().st_size <= MOST
    why = "it had not come after 1 s" if late else "there is more than 1 MB of it"
    assert (done.returncode, done.stdout) == (
        1,
        f"node 22 could not be installed from {address}{path}: {why}",
    )
