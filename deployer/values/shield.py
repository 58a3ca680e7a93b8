"""Whether Cloudflare stands before a site: always, never, or once its own log tells of an attack."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from deployer.values.quantities import shown, whole_number
from deployer.values.section import Section
from deployer.values.types import schema, written

EXPECTED = "on, off, auto, or {auto: {requests: 50, refused: 30%}}"


def share_of_hundred(value: object) -> int:
    """The number of a text such as 30%."""
    found = re.fullmatch(r"([1-9][0-9]?|100)%", str(value), re.ASCII)
    if not found:
        raise ValueError(f"expected a share such as 30%, not {shown(value)}")
    return int(found[1])


class Threshold(Section):
    """How much of what in half a minute is an attack: all that is written has to be met."""

    requests: Annotated[
        int,
        BeforeValidator(whole_number(1, 1_000_000)),
        schema("integer", minimum=1, maximum=1_000_000),
    ] = Field(50, description="more requests a second than this")
    refused: Annotated[
        int, BeforeValidator(share_of_hundred), schema("string", pattern="^([1-9][0-9]?|100)%$")
    ] = Field(
        written("30%"), description="more of them refused, with an answer of 400 to 599, than this share"
    )


class Shield(Section):
    """The shield turns itself on, and is turned off by hand."""

    wanted: ClassVar[Literal["on", "off", "auto"]] = "auto"

    auto: Threshold = Field(Threshold(), description="when it turns itself on")


class Always(Shield):
    """It is on."""

    wanted = "on"


class Never(Shield):
    """It is off."""

    wanted = "off"


def choice(value: Any) -> Any:
    """`on` and `true`, `off` and `false`, `auto`, or a section."""
    if value is None or isinstance(value, dict | Shield):
        return value
    known = {"on": Always, "true": Always, "off": Never, "false": Never, "auto": Shield}
    if found := known.get(str(value).lower()):
        return found()
    raise ValueError(f"expected {EXPECTED}, not {shown(value)}")


ShieldChoice = Annotated[
    Shield | None,
    BeforeValidator(choice, json_schema_input_type=Literal["on", "off", "auto"] | bool | Shield | None),
]
