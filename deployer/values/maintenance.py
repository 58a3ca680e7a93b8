"""Whether visitors get a page that says that a site is back soon, and who sees the site all the same."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from deployer.values.networks import Network
from deployer.values.quantities import shown
from deployer.values.section import Section

EXPECTED = "on, off, or {state: on, allow: [203.0.113.7]}"


def on_or_off(value: Any) -> Any:
    """YAML takes on and off for true and false."""
    return {"true": "on", "false": "off"}.get(str(value).lower(), value)


class Maintenance(Section):
    """Who sees a site that is in maintenance."""

    state: Annotated[
        Literal["on", "off"] | None,
        BeforeValidator(on_or_off, json_schema_input_type=Literal["on", "off"] | bool | None),
    ] = Field(None, description="on or off; without it, as deploy maintenance says")
    allow: tuple[Network, ...] = Field(
        (), description="addresses and networks of those who see the site all the same"
    )


def choice(value: Any) -> Any:
    """`on` and `true`, `off` and `false`, or a section."""
    if value is None or isinstance(value, dict | Maintenance):
        return value
    state = on_or_off(value)
    if state in ("on", "off"):
        return Maintenance(state=state)
    raise ValueError(f"expected {EXPECTED}, not {shown(value)}")


MaintenanceChoice = Annotated[
    Maintenance | None,
    BeforeValidator(choice, json_schema_input_type=Literal["on", "off"] | bool | Maintenance | None),
]
