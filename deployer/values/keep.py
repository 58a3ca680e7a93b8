"""How many archives stay, in the sections of backups."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from deployer.values.quantities import whole_number
from deployer.values.section import Section
from deployer.values.types import Count, schema

Amount = Annotated[int, BeforeValidator(whole_number(0, 1000)), schema("integer", minimum=0, maximum=1000)]


class Keep(Section):
    """How many archives stay: the newest of each of the last days, weeks and months that have one."""

    daily: Count = Field(7, description="days that keep their newest archive; days without one do not count")
    weekly: Amount = Field(4, description="weeks that keep their newest archive")
    monthly: Amount = Field(6, description="months that keep their newest archive")
