"""Sections of sites.yaml that many files do not have: their models are loaded where something is written."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import GetCoreSchemaHandler

from deployer.values.section import Section

if TYPE_CHECKING:
    from pydantic_core import CoreSchema


@dataclass(frozen=True)
class Later:
    """Says of a section that it is of this model of `config`."""

    module: str
    name: str

    def model(self) -> type[Section]:
        """The model, which is loaded for that."""
        model: type[Section] = getattr(importlib.import_module(f"deployer.config.{self.module}"), self.name)
        return model

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> "CoreSchema":
        return handler.generate_schema(self.model())


def later(name: str) -> Any:
    """What stands for the model of this name, in the module that is called as its section."""
    return Annotated[Section, Later(name.lower(), name)]


def model_meant(annotation: Any) -> Any:
    """The model that stands in a place, or that something there stands for; None where there is none."""
    standing = next((each for each in get_args(annotation) if isinstance(each, Later)), None)
    if standing:
        return standing.model()
    return annotation if hasattr(annotation, "model_fields") else None
