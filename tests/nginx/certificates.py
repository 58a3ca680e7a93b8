"""Self-signed certificates in the places where Certbot keeps its own."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


def certificates(root: Path, names: Mapping[str, object]) -> None:
    """A throwaway certificate under each name."""
    for name in names:
        folder = root / "etc/letsencrypt/live" / name
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-nodes", "-days", "7", "-subj", f"/CN={name}"),
                *("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"),
            ],
            check=True,
            capture_output=True,
        )
