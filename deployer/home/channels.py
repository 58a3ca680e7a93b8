"""Tells people what has changed: ntfy, any address, e-mail, Apprise's services. Addresses are secrets."""

import json
import logging
import os
import smtplib
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from functools import partial
from urllib.parse import urlsplit

from deployer.config.watch import Channels, Mail
from deployer.home import programs
from deployer.home.notify import SECONDS, attempt, limited

Outcome = Mapping[str, str]
"""By the name of each channel, why nobody was told there; empty where somebody was."""


def send(channels: Channels, title: str, text: str, urgent: bool) -> Outcome:
    """Tell everyone who is named; what fails stops nothing, and no word of it has an address in it."""
    ways: dict[str, Callable[[], str]] = {}
    if channels.ntfy:
        ways["ntfy"] = partial(by_ntfy, channels.ntfy, channels.ntfy_token, title, text, urgent)
    if channels.url:
        ways["url"] = partial(attempt, channels.url, partial(to_address, title, text))
    if channels.email:
        ways["email"] = partial(to_mail, channels.email, title, text)
    for number, address in enumerate(channels.apprise, 1):
        ways[f"apprise {number}"] = partial(to_apprise, address, title, text)
    return {name: way() for name, way in ways.items()}


def beat(address: str) -> str:
    """Say to who waits for it that a round was made; why that did not work, or nothing."""
    return attempt(address, urllib.request.Request)


def secret(written: str) -> str:
    """What is meant: the text itself, or what stands in the environment; raises ValueError."""
    if not written.startswith("env:"):
        return written
    if not (value := os.environ.get(written.removeprefix("env:"), "")):
        raise ValueError(f"{written.removeprefix('env:')} is not set in the environment")
    return value


def by_ntfy(written: str, token: str | None, title: str, text: str, urgent: bool) -> str:
    """To a topic, with its token where it wants one; what went wrong, or nothing."""
    try:
        bearer = secret(token) if token else ""
    except ValueError as error:
        return str(error)
    return attempt(written, partial(to_ntfy, title, text, urgent, bearer))


def to_ntfy(title: str, text: str, urgent: bool, bearer: str, address: str) -> urllib.request.Request:
    """A message to a topic, as JSON: a header could not have every letter."""
    url = urlsplit(address)
    place, _, topic = url.path.rstrip("/").rpartition("/")
    message = {
        "topic": topic,
        "title": title,
        "message": limited(text).decode(),
        "priority": 4 if urgent else 3,
        "tags": ["warning" if urgent else "white_check_mark"],
    }
    root = f"{url.scheme}://{url.netloc}{place}/" + (f"?{url.query}" if url.query else "")
    headers = {"Content-Type": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    return urllib.request.Request(root, json.dumps(message).encode(), headers, method="POST")


def to_address(title: str, text: str, address: str) -> urllib.request.Request:
    """The text as the body of a POST."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return urllib.request.Request(address, limited(f"{title}\n{text}"), headers, method="POST")


def to_mail(mail: Mail, title: str, text: str) -> str:
    """By a mail server, or by what sends mail on this machine; what went wrong, or nothing."""
    message = EmailMessage()
    message["Subject"], message["To"], message["From"] = title, mail.to, mail.sender or mail.to
    message.set_content(f"{text}\n")
    try:
        if mail.server:
            by_server(mail, message)
        else:
            by_sendmail(message)
    except smtplib.SMTPResponseException as error:
        return f"the mail server answers {error.smtp_code}"
    except smtplib.SMTPException as error:
        return f"the mail server refuses it ({type(error).__name__})"
    except subprocess.TimeoutExpired:
        return "sendmail does not end"
    except ValueError as error:
        return str(error)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def by_server(mail: Mail, message: EmailMessage) -> None:
    """By SMTP with TLS; a password goes nowhere without it."""
    url, trust = urlsplit(str(mail.server)), ssl.create_default_context()
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            url.hostname or "", url.port or 465, timeout=SECONDS, context=trust
        )
    else:
        server = smtplib.SMTP(url.hostname or "", url.port or 587, timeout=SECONDS)
    with server:
        server.ehlo_or_helo_if_needed()
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=trust)
        elif url.scheme == "smtp" and mail.user:
            raise ValueError("the mail server has no TLS, without which no password is sent")
        if mail.user and mail.password:
            server.login(mail.user, secret(mail.password))
        server.send_message(message)


def by_sendmail(message: EmailMessage) -> None:
    """By the program that sends mail here."""
    program = programs.find("sendmail") or "/usr/sbin/sendmail"
    argv = [program, "-t", "-i"]
    done = subprocess.run(argv, input=bytes(message), capture_output=True, check=False, timeout=60)
    if done.returncode:
        raise ValueError(f"sendmail ends with {done.returncode}")


def to_apprise(written: str, title: str, text: str) -> str:
    """By one of Apprise's services."""
    try:
        import apprise
    except ImportError:
        return "apprise is not installed: pip install 'vps-deployer[apprise]'"
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its words have addresses in them
    try:
        post = apprise.Apprise()
        if not post.add(secret(written)):
            return "Apprise does not know such an address"
        return "" if post.notify(title=title, body=text) else "Apprise could not send it"
    except ValueError as error:
        return str(error)
