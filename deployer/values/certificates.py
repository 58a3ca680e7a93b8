"""How a site gets its certificate."""

from typing import Annotated

from pydantic import Field

from deployer.values import names
from deployer.values.section import Section
from deployer.values.types import Boolean, schema, text

Alias = Annotated[
    str,
    text(names.alias),
    schema("string", pattern=r"^(\*\.)?[a-z0-9][a-z0-9.-]*\.[a-z0-9-]+$"),
]


class CertificateChoice(Section):
    """How the site's certificate comes; without it, the authority asks for each name at port 80."""

    dns: Boolean = Field(
        False,
        description="prove the names by DNS records: for wildcards, and for names that do not lead here yet",
    )
