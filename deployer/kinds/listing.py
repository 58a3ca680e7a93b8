"""What `files:` and `override:` of a composition mean: files beside its compose file, and whose they are."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from deployer.composefile import listed
from deployer.files import File
from deployer.templates import rendered
from deployer.values.attachments import LocalFile
from deployer.values.composing import owner_of_file
from deployer.values.types import Attachment, as_text, folder_of, schema


def beside(value: Any, info: ValidationInfo) -> tuple[LocalFile, ...]:
    """What is meant by a path in the folder of the compose file, or below it, and whose it shall be there."""
    if isinstance(value, tuple):
        return value
    main = info.data.get("file")
    folder = main.folder if main else folder_of(info)
    text, said = value if isinstance(value, list) else (value, None)
    found = listed.listed(as_text(text), folder)
    return found if said is None else tuple(replace(file, owner=owner_of_file(said)) for file in found)


def pairs(value: Any) -> Any:
    """The paths of a mapping, each with its owner; a list as it is."""
    return [[*each] for each in value.items()] if isinstance(value, dict) else value


def folders_file(folder: str, name: str, owners: dict[str, tuple[int, int, str]]) -> dict[str, File]:
    """Whose the folders in its folder are; not for systemd-tmpfiles, which would follow a link of root's."""
    places = {f"{folder}/{path}": owner for path, owner in owners.items()}
    return {f"/etc/deploy/folders/{name}": rendered("system/folders", places=places)} if places else {}


Attachments = Annotated[
    tuple[Attachment, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    schema(["string", "array"], items={"type": "string"}),
]
Beside = Annotated[tuple[LocalFile, ...], BeforeValidator(beside), schema("string")]
Listing = Annotated[
    tuple[Beside, ...],
    BeforeValidator(pairs),
    schema(
        ["array", "object"], items={"type": "string"}, additionalProperties={"type": ["string", "integer"]}
    ),
]
