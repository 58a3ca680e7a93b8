"""Forgejo: as Gitea, which it comes from, with a program of its own."""

from typing import ClassVar, Literal

from pydantic import Field

from deployer.kinds.gitea import Gitea


class Forgejo(Gitea):
    """Forgejo on the server itself; the first user's password: deploy secret show NAME PASSWORD."""

    program: ClassVar[str] = "forgejo"
    downloads: ClassVar[str] = (
        "https://codeberg.org/forgejo/forgejo/releases/download/v{version}/forgejo-{version}-linux-amd64"
    )

    newest: ClassVar[tuple[str, ...]] = ("11.0.15", "15.0.3")

    kind: Literal["forgejo"] = Field(description="what this site is")  # type: ignore[assignment]
