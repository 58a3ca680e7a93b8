"""Logging in, loaded without what paramiko has for `Match exec` in ~/.ssh/config: OpenSSH reads that for us.

That would be `invoke` with all that it needs, a fifth of the time that paramiko takes to load. And what tells
versions of packages, with all that reads e-mails, takes as long: the name of paramiko's folder tells its own.
"""

import importlib
import sys
from typing import Any

from deployer.system import version_of


class _Versions:
    """Stands for `importlib.metadata`, which is loaded where this does not suffice."""

    version = staticmethod(version_of)

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("importlib.metadata"), name)


_absent = "invoke" not in sys.modules  # it is there where Fabric has called us
_versions = _Versions()
if _absent:
    sys.modules["invoke"] = None  # type: ignore[assignment]  # to import it fails, as paramiko expects it may
vars(importlib).setdefault("metadata", _versions)
try:
    from deployer.server.login import connect
finally:
    if _absent:
        del sys.modules["invoke"]
    if vars(importlib).get("metadata") is _versions:
        del vars(importlib)["metadata"]

__all__ = ["connect"]
