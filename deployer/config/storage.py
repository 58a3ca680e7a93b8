"""Values around the home server: addresses that are secrets, who is told, and names in an S3 store."""

import re

from deployer.backups.archives import NAME
from deployer.values.names import HOST, environment_name
from deployer.values.quantities import shown


def secret_address(text: str) -> str:
    """An http or https address that is a secret itself, or `env:NAME`; no message ever shows it."""
    if text.startswith("env:"):
        return f"env:{environment_name(text.removeprefix('env:'))}"
    if len(text) > 2000 or not re.fullmatch(rf"https?://{HOST}(:[0-9]{{1,5}})?(/[!$-~]*)?", text, re.ASCII):
        raise ValueError("expected an address such as https://example.org/path, or env:NAME")
    return text


def from_environment(text: str) -> str:
    """`env:NAME`: a secret that does not belong in sites.yaml."""
    if not text.startswith("env:"):
        raise ValueError("expected env:NAME: a secret itself does not belong in sites.yaml")
    return f"env:{environment_name(text.removeprefix('env:'))}"


def mail_server(text: str) -> str:
    """The address of a mail server, with TLS from the beginning (smtps) or from a word on (smtp)."""
    if not re.fullmatch(rf"smtps?://{HOST}(:[0-9]{{1,5}})?", text, re.ASCII):
        raise ValueError(
            f"{shown(text)} is not the address of a mail server such as smtps://mail.example.org"
        )
    return text


def words(text: str) -> str:
    """What stands on a page: one line."""
    if not text.strip() or len(text) > 500 or not text.isprintable():
        raise ValueError("expected some words as they stand on the page, in one line")
    return text


def channel(text: str) -> str:
    """An address of Apprise, which is a secret itself, or `env:NAME`; no message ever shows it."""
    if text.startswith("env:"):
        return from_environment(text)
    if len(text) > 2000 or not re.fullmatch(r"[a-z][a-z0-9+]*://[!-~]+", text, re.ASCII):
        raise ValueError("expected an address of Apprise such as tgram://TOKEN/CHAT, or env:NAME")
    return text


def archive_name(text: str) -> str:
    """What archives are of: a domain, or the name of a service or folder."""
    if not re.fullmatch(NAME, text, re.ASCII) or ".." in text:
        raise ValueError(f"{shown(text)} is not a name of backups such as photos or forum.example.org")
    return text


def bucket(text: str) -> str:
    """The name of an S3 bucket."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text, re.ASCII) or ".." in text:
        raise ValueError(f"{shown(text)} is not the name of a bucket: a-z, 0-9, - and ., 3 to 63 of them")
    return text


def key_prefix(text: str) -> str:
    """What the keys in a bucket begin with, without slashes around it; may be empty."""
    path = text.strip("/")
    if not re.fullmatch(r"[A-Za-z0-9._/-]{0,200}", path, re.ASCII) or {".", ".."} & set(path.split("/")):
        raise ValueError(f"{shown(text)} is not a plain prefix such as backups/vps")
    return path


def region(text: str) -> str:
    """The name of a region."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not the name of a region such as eu-central-1")
    return text


def storage_class(text: str) -> str:
    """The name of a storage class."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,62}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a storage class such as STANDARD_IA")
    return text
