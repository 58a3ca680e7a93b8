"""A Git forge's API, as far as it is needed: Gitea's and Forgejo's secrets of a repository."""

import json
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from deployer.errors import DeployError, UnreachableError
from deployer.values.forges import ForgeRepository

SECONDS = 20
REASONS = {
    401: "the token is not accepted",
    403: "the token may not set secrets: it needs the scope write:repository, and an owner of the repository",
    404: "there is no such repository, or the token may not see it, or its Actions are off",
}


class NoRedirect(HTTPRedirectHandler):
    """Refuses to follow: a token and a private key go where they were meant to go, or nowhere."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def set_secrets(
    there: ForgeRepository, token: str, secrets: Mapping[str, str], obsolete: Iterable[str] = ()
) -> None:
    """Set secrets of the repository's Actions, each anew if it is there, and take away what is obsolete.

    Raises DeployError with the name of the one that could not be set.
    """
    for name, value in secrets.items():
        call(there, token, "PUT", name, {"data": value})
    for name in obsolete:
        call(there, token, "DELETE", name)


def call(
    there: ForgeRepository, token: str, method: str, name: str, content: Mapping[str, str] | None = None
) -> None:
    """Ask for one thing to be done with a secret; that one is gone already is no failure."""
    path = f"repos/{quote(there.owner, safe='')}/{quote(there.name, safe='')}/actions/secrets/{name}"
    request = Request(
        f"{there.address}/api/v1/{path}",
        data=json.dumps(content).encode() if content else None,
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
        method=method,
    )
    done = "was not set in" if content else "was not taken out of"
    try:
        with build_opener(NoRedirect()).open(request, timeout=SECONDS) as answer:
            if answer.status not in (201, 204):
                raise DeployError(f"{name} {done} {there.name}: {there.address} answers {answer.status}")
    except HTTPError as error:
        if method == "DELETE" and error.code == 404:
            return
        reason = REASONS.get(error.code, f"it answers {error.code} {error.reason}")
        raise DeployError(f"{name} {done} {there.owner}/{there.name} on {there.address}: {reason}") from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        cause = getattr(error, "reason", error)
        raise UnreachableError(f"{there.address} cannot be reached: {cause}") from error
