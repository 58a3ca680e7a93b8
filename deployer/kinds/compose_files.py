"""The files of the user's own composition: the compose file, what lies over it, and what goes along."""

from typing import TYPE_CHECKING, Self

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from deployer.composefile import listed
from deployer.composefile.compose_file import Definition
from deployer.composefile.delivery import Delivery
from deployer.composefile.dotenv import Dotenv, dotenv
from deployer.composefile.laid_over import Wishes, check_version
from deployer.composefile.neighbours import neighbours
from deployer.composefile.stack import Stack, stack
from deployer.files import File
from deployer.kinds.composition import Composition
from deployer.kinds.listing import Attachments, Listing, folders_file
from deployer.values.attachments import LocalFile
from deployer.values.composing import (
    ComposeEnvironment,
    ComposeSecrets,
    Folders,
    Inside,
    LogsLimited,
    Profiles,
    PublicPorts,
    SecretFile,
)
from deployer.values.secrets import FromDotenv, Given, Secret
from deployer.values.types import (
    Attachment,
    Port,
    RelativePath,
    folder_of,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


def whose(number: str | int) -> str:
    """A user or a group as files have it: by its number, which is all that a container knows."""
    return str(number) if number else "root"


class ComposeFiles(Composition):
    """What a compose file is read with, what lies over it and beside it, and what the server gets of that."""

    kind: str = Field(description="what this is")
    file: Attachment = Field(description="compose file beside sites.yaml; the server gets it as it is")
    override: Attachments = Field(
        (), description="your own compose file, or several in order, that Docker Compose lays over it"
    )
    beside: Listing = Field(
        (),
        alias="files",
        description="more for its folder: files, folders, patterns such as conf/*.ini, by their paths from "
        "the compose file's folder; as a mapping, each with numbers of its user and group, and a mode, such "
        "as {conf/*.ini: 472, key.pem: 472:472 0400}",
    )
    dotenv: Attachment | None = Field(
        None,
        alias="env_file",
        description="the .env that came with it, beside sites.yaml: its values are secrets; what stands "
        "under secrets or environment counts more",
    )
    sources: ComposeSecrets = {}
    environment: ComposeEnvironment = {}
    profiles: Profiles = ()
    public: PublicPorts = Field(
        False,
        description="ports that stay open to everyone, past the firewall, such as [2222], or true for all; "
        "what else the file opens is bound to 127.0.0.1",
    )
    publish: dict[Port, Inside] = Field(
        {},
        description="ports on 127.0.0.1 that lead to one inside of a service, such as {3010: server:3000}, "
        "in the place of those by which the file publishes it",
    )
    folders: Folders = {}
    secret_files: dict[RelativePath, SecretFile] = Field(
        {},
        description="files of its folder that have the value of one of secrets, made on the server, for "
        "secrets: with file: in the compose file: {db.txt: DB_PASSWORD}, or {db.txt: DB_PASSWORD 999 0400}",
    )
    log_limit: LogsLimited = ""
    _others: tuple[LocalFile, ...] = PrivateAttr(())
    _delivery: Delivery | None = PrivateAttr(None)

    @model_validator(mode="after")
    def have_their_secrets(self) -> Self:
        """Let no file have the value of what is none of its secrets."""
        for path, (secret, *_) in self.secret_files.items():
            listed.check(path)
            if secret not in self.secrets():
                raise ValueError(
                    f"secret_files: {path} would have the value of {secret}, which secrets has not"
                )
        return self

    @model_validator(mode="after")
    def find_files(self, info: ValidationInfo) -> Self:
        """Read the files that go along as they are now."""
        top = folder_of(info)
        if top is not None:
            self._others = neighbours((self.file, *self.override))
            files = [*self._others, *(file for files in self.beside for file in files)]
            made = frozenset(self.secret_files)
            self._delivery = Delivery(
                self.definition(), files, bool(self.secrets()), top.resolve(), made
            ).find()
        return self

    def stack(self) -> Stack:
        """All its files together, with the values of sites.yaml; those of secrets only the server knows."""
        values: dict[str, str | None] = {"COMPOSE_PROJECT_NAME": None, "PWD": "."}
        values |= {**dict(self.given().values), **self.environment, **dict.fromkeys(self.sources)}
        return stack(self.file, tuple(sorted(values.items())), self.override, self.wishes(), self._others)

    def wishes(self) -> Wishes:
        """What is laid over its services."""
        publish = tuple((port, *inside) for port, inside in self.publish.items())
        return Wishes(self.public, publish, self.log_limit, self.live_port())

    def live_port(self) -> int:
        """The port in the place of which a push may have chosen another one; 0 where it does not."""
        return 0

    def given(self) -> Dotenv:
        """What the .env that came with it says."""
        return dotenv(self.dotenv) if self.dotenv else Dotenv()

    def active(self) -> tuple[str, ...]:
        """The profiles whose services run."""
        return self.profiles or tuple(filter(None, self.given().says("COMPOSE_PROFILES").split(",")))

    def definition(self) -> Definition:
        """What all its files say together."""
        return self.stack().definition

    def files(self, name: str, facts: "Facts") -> dict[str, File]:
        """The compose file and those beside it, byte for byte, and what is laid over it."""
        own = self.stack().files()
        if len(own) > 1:
            check_version(facts.compose)
        found = {f"{self.folder(name)}/{path}": File(content) for path, content in own.items()}
        found |= folders_file(self.folder(name), name, self.folders)
        if self._delivery:
            for path, file in self._delivery.files.items():
                user, group, mode = file.owner or ("root", "root", f"{file.mode:o}")
                found[f"{self.folder(name)}/{path}"] = File(
                    file.content, int(mode, 8), whose(user), whose(group), path in self._delivery.secret
                )
        return found

    def more_values(self, name: str) -> dict[str, str | int]:
        """The files that the server makes of its secrets."""
        made = (
            f"{secret} {user}:{group} {mode} {path}"
            for path, (secret, user, group, mode) in self.secret_files.items()
        )
        return {"SECRET_FILES": "\n".join(made)} if self.secret_files else {}

    def secrets(self) -> dict[str, Secret]:
        """Its secrets, and the values that are none; of a .env that came with it, all are secret."""
        path = self.dotenv.written if self.dotenv else ""
        taken = {name: FromDotenv(path, value) for name, value in self.given().values}
        own = {name: Given(value) for name, value in self.environment.items()}
        return {**taken, **own, **self.sources}

    def variables(self) -> dict[str, Secret]:
        """The values in its .env; `docker compose` by hand finds the project and the profiles there."""
        named = {
            "COMPOSE_PROFILES": ",".join(self.active()),
            "COMPOSE_PROJECT_NAME": self.called or self.given().says("COMPOSE_PROJECT_NAME"),
        }
        return {**{name: Given(value) for name, value in named.items() if value}, **self.secrets()}
