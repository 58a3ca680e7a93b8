"""What pydantic found wrong → where it is in the file, and plain words for it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from deployer.config.forms import WITH, WITHOUT, form_of
from deployer.config.later import model_meant
from deployer.config.suggestions import closest, suggest
from deployer.kinds import kinds, service_kinds
from deployer.values.quantities import shown

Path = tuple[str | int, ...]
KINDS: Mapping[Any, Any] = {"sites": kinds, "services": service_kinds}
OF_OTHERS = {
    "renamed_from": ": static and hugo have it. Elsewhere the old domain belongs under aliases:, and of "
    "containers deploy plan says which keys keep the data of the old name (deploy docs everyday)"
}
"""What to do instead of a key that only sites of other kinds have."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a value, or with its key, at a path of keys and list positions."""

    path: Path
    message: str
    at_key: bool = False  # then the message names the key
    meant: str | None = None  # the key that a misspelt one should be

    @property
    def where(self) -> str:
        """The path as a message begins with it."""
        path = self.path[:-1] if self.at_key else self.path
        return ".".join(str(step) for step in path if not isinstance(step, int))


def findings(errors: Iterable[Mapping[str, Any]], model: Any) -> list[Finding]:
    """The findings for `ValidationError.errors()`; a key that is only misspelt is not also missing."""
    found = [finding(error, model) for error in errors]
    meant = {(*misspelt.path[:-1], misspelt.meant) for misspelt in found if misspelt.meant}
    outdented = {finding.path for finding in found if finding.at_key and is_outdented(finding.path)}
    return [
        finding
        for finding in found
        if not (finding.at_key and finding.path in meant)
        and (finding.path[:2] not in outdented or (finding.at_key and finding.path in outdented))
    ]


def finding(error: Mapping[str, Any], model: Any) -> Finding:
    """The finding for one entry of `ValidationError.errors()` of this model."""
    location, kind = tuple(error["loc"]), error["type"]
    path = without_tag(location)
    if len(path) > 1 and path[-1] == "[key]":
        message = f"{shown(path[-2])} is a key of a site: indent it more than the domain"
        return Finding(path[:-1], message if is_outdented(path[:-1]) else reason(error), at_key=True)
    if kind == "missing":
        return Finding(path, f"{shown(path[-1])} is missing ({purpose(model, location)})", at_key=True)
    if kind == "union_tag_not_found":
        return without_kind(path, error["input"])
    if kind == "union_tag_invalid":
        return Finding((*path, "kind"), unknown_kind(str(error["ctx"]["tag"]), KINDS[path[0]]()))
    if kind == "extra_forbidden":
        known = keys(section(model, location[:-1]))
        hint = OF_OTHERS.get(str(path[-1]), "") if path[0] in KINDS and len(path) == 3 else ""
        hint = hint or suggest(str(path[-1]), known) or f" (known here: {', '.join(known)})"
        if "." in str(path[-1]) and isinstance(error["input"], dict):
            hint = ": a domain stands below sites:, indented like every other"
        if message := of_the_other_form(location):
            return Finding(path, message, at_key=True)
        meant = closest(str(path[-1]), known)
        return Finding(path, f"unknown key {shown(path[-1])}{hint}", at_key=True, meant=meant)
    return Finding(path, reason(error))


def of_the_other_form(location: Path) -> str:
    """What is wrong with a key that a kind has only with, or only without, the key that chooses its form."""
    if len(location) != 5 or location[3] not in (WITH, WITHOUT):
        return ""
    kind, key = str(location[2]), location[4]
    other = form_of(kind, WITHOUT if location[3] == WITH else WITH)
    if key not in fields(other) or (chosen := form_of(kind, WITH)) is None:
        return ""
    how = "without" if location[3] == WITH else "with"
    return f"{shown(key)} is only for kind: {kind} {how} {chosen.chosen_by}:"


def is_outdented(path: Path) -> bool:
    """Whether a key stands where a domain should, and means something one step further in."""
    models = KINDS["sites"]().values()
    return len(path) == 2 and path[0] == "sites" and any(path[1] in fields(model) for model in models)


def without_kind(path: Path, value: Any) -> Finding:
    """What seems to be meant where a site or service says no kind."""
    if not isinstance(value, Mapping):
        return Finding(path, f"expected a section with keys, such as {{kind: proxy}}, not {shown(value)}")
    glued = next((str(key) for key in value if str(key).startswith("kind ")), None)
    if glued:
        return Finding(
            (*path, glued), f"{shown(glued)} has no value: is a ':' missing after 'kind'?", at_key=True
        )
    known = KINDS[path[0]]()
    meant = suggest(str(path[-1]), known) if path[0] == "services" else ""
    hint = meant or f" (one of {', '.join(known)})"
    return Finding((*path, "kind"), f"'kind' is missing{hint}", at_key=True)


def unknown_kind(tag: str, known: Iterable[str]) -> str:
    """Why this is no kind here."""
    if tag in service_kinds():
        return f"{shown(tag)} has no domain: write it under services"
    if tag in kinds():
        return f"{shown(tag)} needs a domain: write it under sites"
    return f"unknown kind {shown(tag)}{suggest(tag, known)}, kinds are {', '.join(known)}"


def reason(error: Mapping[str, Any]) -> str:
    """Why a value is not accepted."""
    value = shown(error["input"])
    match error["type"]:
        case "value_error":
            return str(error["ctx"]["error"])
        case "tuple_type" | "list_type":
            return f"expected a list such as [one, two], not {value}"
        case "dict_type" | "model_type" | "model_attributes_type":
            hint = ": is a blank missing after the ':'?" if no_blank(error["input"]) else ""
            return f"expected a section with keys, not {value}{hint}"
        case "literal_error":
            return f"expected {error['ctx']['expected']}, not {value}"
    return f"{value} is not accepted: {error['msg']}"


def no_blank(value: object) -> bool:
    """Whether a text looks like a key and its value."""
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z_]+:[^\s/].*", value))


def without_tag(location: Path) -> Path:
    """The location without the kind that pydantic adds after the name of a site or service."""
    if location[0] in KINDS and len(location) > 2 and location[2] in KINDS[location[0]]():
        behind = 4 if location[3:4] in [(WITH,), (WITHOUT,)] else 3
        return (*location[:2], *location[behind:])
    return location


def section(model: Any, location: Path) -> Any:
    """The model of the section at a location, None where there is none."""
    if len(location) > 3 and location[3] in (WITH, WITHOUT):
        model, location = form_of(str(location[2]), location[3]), location[4:]
    elif len(location) > 2 and location[0] in KINDS:
        model, location = KINDS[location[0]]().get(str(location[2])), location[3:]
    named = None  # what every name below a key such as `keys` has
    for step in location:
        field = fields(model).get(step)
        kind = named or (field.annotation if field else None)
        options = (kind, *(get_args(kind) if get_origin(kind) is not dict else ()))
        model = next(filter(None, map(model_meant, options)), None)
        named = get_args(kind)[1] if get_origin(kind) is dict else None
    return model


def fields(model: Any) -> dict[Any, Any]:
    """The fields of a model by their keys in the file."""
    return {field.alias or name: field for name, field in getattr(model, "model_fields", {}).items()}


def keys(model: Any) -> list[str]:
    """The keys of a section."""
    return list(fields(model))


def purpose(model: Any, location: Path) -> str:
    """What a key is for."""
    field = fields(section(model, location[:-1])).get(location[-1])
    return field.description if field and field.description else "required"
