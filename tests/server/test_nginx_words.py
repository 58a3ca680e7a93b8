"""What NGINX says of a mistake is told once, however often and wherever it has said it."""

import subprocess
from pathlib import Path

import deployer

NGINX = Path(deployer.__file__).parent / "parts/nginx.sh"
SAID = """\
2026/11/28 23:00:01 [emerg] 812#812: bind() to 0.0.0.0:80 failed (98: Address already in use)
nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)
2026/11/28 23:00:02 [emerg] 812#812: bind() to 0.0.0.0:80 failed (98: Address already in use)
2026/11/28 23:00:02 [notice] 812#812: try again to bind() after 500ms
nginx: [emerg] still could not bind()
nginx: configuration file /etc/nginx/nginx.conf test failed
"""


def test_each_error_is_told_once() -> None:
    take = f". {NGINX}; emergencies"
    told = subprocess.run(["bash", "-euc", take], input=SAID, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == [
        "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
        "nginx: [emerg] still could not bind()",
    ]
    nothing = subprocess.run(["bash", "-euc", take], input="fine", capture_output=True, text=True, check=True)
    assert nothing.stdout == ""
