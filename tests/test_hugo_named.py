"""A build that has failed says which Hugo it had: Debian's is too old for many a theme."""

import subprocess
from pathlib import Path

import pytest

import deployer

PRODUCE = Path(deployer.__file__).parent / "server/installed/lib/publication/build"
DEBIAN = "hugo v0.111.3+extended linux/amd64 BuildDate=2023-03-16T08:41:31Z VendorInfo=debian:0.111.3-1"
PINS = "for another, write hugo: VERSION in sites.yaml, then: deploy apply"


@pytest.mark.parametrize(
    ("kind", "pinned", "prints", "said"),
    [
        ("hugo", "", f"echo '{DEBIAN}'", f" (Hugo is 0.111.3 here, the distribution's; {PINS})"),
        ("hugo", "0.161.1", "exit 1", " (Hugo is 0.161.1 here, as sites.yaml says)"),
        ("hugo", "", "exit 1", ""),
        ("hugo", "", "echo other words", ""),
        ("static", "", f"echo '{DEBIAN}'", ""),
    ],
)
def test_the_hugo_of_a_build_is_named(tmp_path: Path, kind: str, pinned: str, prints: str, said: str) -> None:
    program = tmp_path / "hugo"
    program.write_text(f"#!/bin/bash\n{prints}\n")
    program.chmod(0o755)
    tell = (
        f'set -euo pipefail; source {PRODUCE}; unprivileged() {{ "${{@:2}}"; }}; KIND={kind} HUGO={pinned} '
        f'BUILD_PATH={tmp_path}:/usr/bin:/bin; name_hugo; printf %s "$WITH_WHAT"'
    )
    assert subprocess.run(["bash", "-c", tell], capture_output=True, text=True, check=True).stdout == said
