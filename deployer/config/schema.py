"""The JSON Schema of sites.yaml, made from the models."""

from typing import Any

from deployer.config.model import Config
from deployer.kinds import service_kinds

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema; it accepts what the loader accepts, but does not know what only the loader can check."""
    schema = Config.model_json_schema()
    for section in (schema, *schema.get("$defs", {}).values()):
        for field in section["properties"].values():
            field.pop("title", None)
            if "patternProperties" in field:
                field["additionalProperties"] = False
            if "$ref" in field or field.get("default", "") is None:
                del field["default"]
    kinds_may_be_names(schema)
    forms_are_kinds(schema)
    return {"$schema": DIALECT, **schema, "title": "sites.yaml"}


def kinds_may_be_names(schema: dict[str, Any]) -> None:
    """A service whose name is its kind needs no `kind:`, and nothing at all if it has no other keys."""
    for model in service_kinds().values():
        schema["$defs"][model.__name__]["required"].remove("kind")
    (services,) = schema["properties"]["services"]["patternProperties"].values()
    services["anyOf"] = [*services.pop("oneOf"), {"type": "null"}]
    del services["discriminator"]


def forms_are_kinds(schema: dict[str, Any]) -> None:
    """A kind that has two models stands there twice; `kind` alone does not tell which of both is meant."""
    (sites,) = schema["properties"]["sites"]["patternProperties"].values()
    sites["oneOf"] = [each for kind in sites["oneOf"] for each in kind.get("oneOf", [kind])]
    del sites["discriminator"]
