"""What every section of sites.yaml has in common."""

import sys
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

_no_plugins = ModuleType("pydantic.plugin._loader")
vars(_no_plugins)["get_plugins"] = tuple
# What looks for some reads e-mails, and takes its time.
sys.modules.setdefault(_no_plugins.__name__, _no_plugins)


class Section(BaseModel):
    """A section of sites.yaml: its keys are known, its values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty_keys(cls, values: Any) -> Any:
        """A key without a value, such as `sites:` alone, counts as not written."""
        if not isinstance(values, dict) or None not in values.values():
            return values
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: value for key, value in values.items() if value is not None or key not in known}
