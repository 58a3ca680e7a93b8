"""Loads what commands load, before they are forked: all of the tool, its libraries and its templates.

None of it looks at the environment or the terminal while it is loaded.
"""

import encodings.idna
import encodings.unicode_escape  # noqa: F401 - likewise by Jinja
import pkgutil
from importlib import import_module

import cryptography.x509  # noqa: F401 - these are loaded by who needs them first
import docker  # noqa: F401
import jinja2  # noqa: F401
import paramiko  # noqa: F401
import rich.live
import rich.table  # noqa: F401

import deployer
from deployer import templates

for module in pkgutil.walk_packages(deployer.__path__, "deployer."):
    if not module.name.endswith("__main__"):
        import_module(module.name)

for name in templates._environment().list_templates():
    if "__pycache__" not in name:
        templates._environment().get_template(name)
