"""Names of a database and of its tables that a person gave them."""

import re
from typing import Annotated

from deployer.values.quantities import shown
from deployer.values.types import schema, text

RESERVED = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
ENGINES = frozenset({"mariadb", "postgres", "sqlite", "none"})


def database_name(value: str) -> str:
    """A database of MariaDB that is not the server's own, or nothing."""
    if value and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", value, re.ASCII):
        raise ValueError(f"{shown(value)} is not the name of a database: letters, digits, _ and -")
    if value.lower() in RESERVED:
        raise ValueError(f"{value} is what MariaDB keeps for itself: DB_NAME of wp-config.php names another")
    if value in ENGINES:
        raise ValueError(f"{value} is no database that has been made: DB_NAME of wp-config.php names it")
    return value


def table_prefix(value: str) -> str:
    """What the names of all tables begin with."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,40}", value, re.ASCII):
        raise ValueError(f"{shown(value)} is not what names of tables begin with: letters, digits and _")
    return value


DatabaseName = Annotated[
    str, text(database_name), schema("string", pattern="^([A-Za-z0-9_][A-Za-z0-9_-]*)?$")
]
TablePrefix = Annotated[str, text(table_prefix), schema("string", pattern="^[A-Za-z0-9_]+$")]
