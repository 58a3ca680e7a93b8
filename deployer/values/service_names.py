"""Names around containers and timers, as in names.py: what is accepted cannot carry syntax."""

import re

from deployer.values.names import LABEL, domain, environment_name, url
from deployer.values.quantities import shown

# They win over .env, and a login has others than a timer.
OF_A_SESSION = re.compile(
    r"USER|LOGNAME|SHELL|PWD|OLDPWD|TERM|MAIL|LANG|LANGUAGE|LC_.*|SSH_.*|SUDO_.*|XDG_.*"
)
# What Docker, Docker Compose and BuildKit look at; others that begin with DOCKER_ are anybody's.
OF_DOCKER = re.compile(
    r"(COMPOSE|BUILDX|BUILDKIT)_.*|DOCKER_(API_VERSION|AUTH_CONFIG|BUILDKIT|CERT_PATH|CLI_.*|COMPLETION_.*|CONFIG|"
    r"CONTENT_TRUST.*|CONTEXT|CUSTOM_HEADERS|DEFAULT_PLATFORM|HIDE_LEGACY_COMMANDS|HOST|.*ORCHESTRATOR|TLS.*|TMPDIR)"
)
# Folders in /opt that belong to something else.
TAKEN_FOLDERS = frozenset({"containerd", "deploy", "hugo"})


def service(text: str) -> str:
    """The name of a service without a domain: it has no dot, so that no domain is meant."""
    if not LABEL.fullmatch(text):
        raise ValueError(
            f"{shown(text)} is not a name for a service: a-z, 0-9 and - (a domain goes under sites)"
        )
    if text in TAKEN_FOLDERS:
        raise ValueError(f"/opt/{text} belongs to something else: choose another name")
    return text


def directory(text: str) -> str:
    """The folder of a composition: below /opt, which is root's, and none that belongs to something else."""
    if not re.fullmatch(r"/opt(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})+", text, re.ASCII) or len(text) > 200:
        raise ValueError(f"{shown(text)} is not a folder below /opt, such as /opt/ntfy")
    if text.split("/")[2] in TAKEN_FOLDERS:
        raise ValueError(f"{text} belongs to something else: choose another folder")
    return text


def project(text: str) -> str:
    """What Docker Compose calls a composition: it begins the names of its containers and volumes."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not the name of a Compose project: a-z, 0-9, _ and -")
    return text


def default_project(folder: str) -> str:
    """What Docker Compose makes of a folder's name, when nothing else is said."""
    return project_name(folder.rpartition("/")[2])


def project_name(text: str) -> str:
    """What Docker Compose makes of a name that a file gives itself, or of a folder's."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower()).lstrip("_-")


def entry(text: str) -> str:
    """The domain of a site, or the name of a service."""
    return service(text) if LABEL.fullmatch(text) else domain(text)


def key(text: str) -> str:
    """The name of a key: one word, for the log."""
    if not LABEL.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a name for a key: a-z, 0-9 and -")
    return text


def container_variable(text: str) -> str:
    """The name of an environment variable in a container."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a name for an environment variable")
    return text


def secret_name(text: str) -> str:
    """The name of a value in .env: not one that Docker Compose itself looks at, or has from who calls it."""
    if OF_DOCKER.fullmatch(environment_name(text)):
        raise ValueError(f"{text} changes Docker Compose itself: leave it out, or choose another name")
    if OF_A_SESSION.fullmatch(text):
        raise ValueError(f"Docker Compose takes {text} from the session of who calls it: choose another name")
    return text


def image_tag(text: str) -> str:
    """The tag of a container image."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not the tag of an image")
    return text


def url_path(text: str) -> str:
    """The path of an address, from its first slash on."""
    if not text.startswith("/") or len(text) > 200:
        raise ValueError(f"{shown(text)} is not a path such as /health")
    return url(f"http://localhost{text}").removeprefix("http://localhost")


def clock_time(text: str) -> str:
    """A time of day, as HH:MM."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text, re.ASCII):
        raise ValueError(f"expected a time of day such as 04:00, not {shown(text)}")
    return text


def runner_label(text: str) -> str:
    """A label of a runner: its name, and where such jobs run."""
    if not re.fullmatch(r"\w[\w.-]{0,49}(:host|:docker://\w[\w.:/@-]{0,199})?", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a label such as name:docker://image:tag or name:host")
    return text
