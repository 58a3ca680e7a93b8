"""The types of values in sites.yaml: what they accept cannot carry syntax, and each has its JSON Schema."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from deployer.values import access, attachments, names, php, quantities, secrets, service_names
from deployer.values.attachments import LocalFile
from deployer.values.directives import site_lines
from deployer.values.quantities import shown
from deployer.values.repository import located, repository


def folder_of(info: ValidationInfo) -> Path | None:
    """The folder of sites.yaml, when the value comes from a file."""
    return (info.context or {}).get("folder")


def text(parse: Callable[[str], str]) -> BeforeValidator:
    """A validator for values that are text; a number or true is taken as it is written."""

    def validate(value: object) -> str:
        return parse(as_text(value))

    return BeforeValidator(validate)


def as_text(value: object) -> str:
    """The text of a scalar, or ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"expected text, not {shown(value)}")
    return str(value)


def validate_repository(value: object, info: ValidationInfo) -> str:
    """A repository; a local one is looked for beside sites.yaml."""
    return repository(as_text(value), folder_of(info))


def validate_path(value: object, info: ValidationInfo) -> str:
    """The absolute path of a file of this machine, which need not be there yet."""
    path = names.one_line(as_text(value))
    return str(located(path, folder_of(info) or Path()))


def validate_certificate(value: object, info: ValidationInfo) -> str:
    """The PEM text of a certificate, given itself or as the path of its file."""
    written = as_text(value)
    if written and not written.startswith("-----BEGIN"):
        written = read_certificate(located(names.one_line(written), folder_of(info) or Path()))
    return names.script(written.strip().replace("\r\n", "\n") + "\n") if written else ""


def read_certificate(path: Path) -> str:
    """The PEM text of a file, or ValueError."""
    try:
        content = path.read_text("ascii") if path.stat().st_size < 1_000_000 else ""
    except (OSError, UnicodeError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if "-----BEGIN CERTIFICATE-----" not in content:
        raise ValueError(f"{path} is not a certificate in PEM format")
    return content


def validate_attachment(value: object, info: ValidationInfo) -> LocalFile:
    """A text file of this machine with what is in it, for the server."""
    if isinstance(value, LocalFile):
        return value
    return attachments.read(names.one_line(as_text(value)), folder_of(info) or Path())


def validate_secret(value: object, info: ValidationInfo) -> secrets.Secret:
    """Where a secret comes from."""
    return value if isinstance(value, secrets.Secret) else secrets.secret(as_text(value), folder_of(info))


def validate_host_keys(value: object) -> object:
    """One public host key, or what stands in a list."""
    return (access.host_key(value),) if isinstance(value, str) else value


def schema(kind: str | list[str], **more: Any) -> WithJsonSchema:
    """The JSON Schema of a type: it may accept more than the type, never less."""
    return WithJsonSchema({"type": kind, **more})


def written(value: str) -> Any:
    """A default as a person would write it; its type reads it, and the reference shows it."""
    return value


SCALAR = ["string", "number"]  # what stands without quotes is a number to an editor

Boolean = Annotated[bool, BeforeValidator(quantities.boolean), schema("boolean")]
Domain = Annotated[
    str,
    text(names.domain),
    schema("string", pattern=r"^[a-z0-9][a-z0-9.-]*\.[a-z0-9-]+$"),
]
Port = Annotated[
    int, BeforeValidator(quantities.whole_number(1, 65535)), schema("integer", minimum=1, maximum=65535)
]
Percent = Annotated[
    int, BeforeValidator(quantities.whole_number(0, 100)), schema("integer", minimum=0, maximum=100)
]
Count = Annotated[
    int, BeforeValidator(quantities.whole_number(1, 1000)), schema("integer", minimum=1, maximum=1000)
]
RedirectCode = Annotated[
    int,
    BeforeValidator(quantities.one_of_numbers(301, 302, 307, 308)),
    WithJsonSchema({"enum": [301, 302, 307, 308]}),
]
Duration = Annotated[
    int,
    BeforeValidator(quantities.duration),
    schema(["string", "integer"], pattern="^([0-9]{1,6}[smhd]|0)$", minimum=0, maximum=0),
]
Size = Annotated[
    int,
    BeforeValidator(quantities.size),
    schema(["string", "integer"], pattern="^([0-9]{1,6}[KMGkmg]|0)$", minimum=0, maximum=0),
]
TimeLimit = Annotated[
    int,
    BeforeValidator(quantities.positive(quantities.duration)),
    schema("string", pattern="^[0-9]{1,6}[smhd]$"),
]
MemoryLimit = Annotated[
    int,
    BeforeValidator(quantities.positive(quantities.size)),
    schema("string", pattern="^[0-9]{1,6}[KMGkmg]$"),
]
DiskLimit = MemoryLimit
Url = Annotated[str, text(names.url), schema("string", pattern="^https?://[^?#@/]+(/[^?#]*)?$")]
AcmeServer = Annotated[
    str,
    text(names.acme_server),
    schema("string", pattern="^(letsencrypt|staging|https://[^?#@/]+(/[^?#]*)?)$"),
]
Email = Annotated[str, text(names.email), schema("string", pattern="^[^@]+@[^@]+$")]
RelativePath = Annotated[str, text(names.relative_path), schema(SCALAR)]
GitReference = Annotated[str, text(names.git_reference), schema(SCALAR)]
Version = Annotated[str, text(names.version), schema(SCALAR)]
Repository = Annotated[str, BeforeValidator(validate_repository), schema("string", pattern="^[^-]")]
EnvironmentName = Annotated[
    str, text(names.environment_name), schema("string", pattern="^[A-Za-z_][A-Za-z0-9_]*$")
]
EnvironmentValue = Annotated[str, text(names.environment_value), schema([*SCALAR, "boolean"])]
NginxText = Annotated[str, text(names.nginx_text), schema(SCALAR, pattern="^[^$]*$")]
Hook = Annotated[str, text(names.script), schema("string")]
NginxSnippet = Annotated[str, text(site_lines), schema("string")]
Host = Annotated[str, text(access.host), schema("string")]
User = Annotated[str, text(access.user), schema("string", pattern="^[a-z_][a-z0-9_-]*$")]
GitHost = Annotated[str, text(access.git_host), schema("string")]
HostKey = Annotated[str, text(access.host_key), schema("string")]
HostKeys = Annotated[
    tuple[HostKey, ...],
    BeforeValidator(validate_host_keys),
    schema(["string", "array"], items={"type": "string"}),
]
PublicKey = Annotated[str, text(access.login_key), schema("string", pattern="^[a-z]")]
LocalPath = Annotated[str, BeforeValidator(validate_path), schema("string")]
CertificateFile = Annotated[str, BeforeValidator(validate_certificate), schema("string")]
ServiceName = Annotated[
    str, text(service_names.service), schema("string", pattern="^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
]
Directory = Annotated[str, text(service_names.directory), schema("string", pattern="^/opt/.+$")]
ProjectName = Annotated[str, text(service_names.project), schema(SCALAR, pattern="^[a-z0-9][a-z0-9_-]*$")]
EntryName = Annotated[str, text(service_names.entry), schema("string", pattern="^[a-z0-9][a-z0-9.-]*$")]
KeyName = Annotated[str, text(service_names.key), schema("string", pattern="^[a-z0-9][a-z0-9-]*$")]
ContainerVariable = Annotated[
    str, text(service_names.container_variable), schema("string", pattern="^[A-Za-z_][A-Za-z0-9_]*$")
]
SecretName = Annotated[
    str, text(service_names.secret_name), schema("string", pattern="^[A-Za-z_][A-Za-z0-9_]*$")
]
SecretSource = Annotated[
    secrets.Secret,
    BeforeValidator(validate_secret),
    schema("string", pattern="^(generate(:[0-9]+)?|env:[A-Za-z_][A-Za-z0-9_]*|(gpg|age|cmd):.+)$"),
]
ImageTag = Annotated[str, text(service_names.image_tag), schema(SCALAR)]
UrlPath = Annotated[str, text(service_names.url_path), schema("string", pattern="^/[^?#]*$")]
ClockTime = Annotated[
    str, text(service_names.clock_time), schema("string", pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")
]
Attachment = Annotated[LocalFile, BeforeValidator(validate_attachment), schema("string")]
RunnerLabel = Annotated[str, text(service_names.runner_label), schema("string")]
PhpFolder = Annotated[str, text(php.folder), schema(SCALAR)]
PhpScript = Annotated[str, text(php.script), schema("string", pattern=r"^[A-Za-z0-9_-]+\.php$")]
PhpVersion = Annotated[str, text(php.version), schema(SCALAR)]
PhpExtension = Annotated[str, text(php.extension), schema("string", pattern="^[a-z][a-z0-9-]*$")]
PhpSettingName = Annotated[str, text(php.setting_name), schema("string", pattern="^[a-z_][a-z0-9_.]*$")]
PhpSettingValue = Annotated[str, text(php.setting_value), schema([*SCALAR, "boolean"])]
CronSchedule = Annotated[str, text(php.schedule), schema("string")]
CronCommand = Annotated[str, text(php.command), schema("string")]
