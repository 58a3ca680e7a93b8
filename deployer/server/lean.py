"""Logging in, loaded without what paramiko has for `Match exec` in ~/.ssh/config: OpenSSH reads that for us.

That would be `invoke` with all that it needs, a fifth of the time that paramiko takes to load.
"""

import sys

_absent = "invoke" not in sys.modules  # it is there where Fabric has called us
if _absent:
    sys.modules["invoke"] = None  # type: ignore[assignment]  # to import it fails, as paramiko expects it may
try:
    from deployer.server.login import connect
finally:
    if _absent:
        del sys.modules["invoke"]

__all__ = ["connect"]
