"""Loads what commands load, before they are forked: all of the tool, its libraries and its templates.

None of it looks at the environment or the terminal while it is loaded.
"""

import encodings.idna
import encodings.unicode_escape  # noqa: F401 - both are looked up by name: at a connection, and by Jinja
import pkgutil
from importlib import import_module

import cryptography.x509  # noqa: F401 - these are loaded by who needs them first
import docker  # noqa: F401
import jinja2  # noqa: F401
import paramiko  # noqa: F401
import rich.live
import rich.table  # noqa: F401

import built
import deployer
from deployer import templates

for module in pkgutil.walk_packages(deployer.__path__, "deployer."):
    if not module.name.endswith("__main__"):
        import_module(module.name)

environment = templates._environment()
for name in environment.list_templates(filter_func=lambda name: "__pycache__" not in name):
    environment.get_template(name)

built.models()
