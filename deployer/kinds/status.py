"""A page that says how the server and its sites are."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deployer.files import File
from deployer.kinds.base import Site
from deployer.kinds.virtual_host import virtual_host
from deployer.shares.handler import Handler, Stage
from deployer.templates import rendered
from deployer.values.types import EntryName

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

PAGES = "/etc/deploy/status"
HANDLERS = (
    Handler(
        f"{PAGES}/*",
        Stage.SERVED,
        live="make_status_pages",
        says="make the status page",
    ),
)


class StatusPage(Site):
    """A page that says how the server and its sites are: 90 days, made on the server every five minutes."""

    kind: Literal["status"] = Field(description="what this site is")
    hidden: tuple[EntryName, ...] = Field((), description="sites and services that it does not tell of")

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, and what the page is told of itself."""
        scheme = "https" if self.https else "http"
        return {
            **virtual_host(self, domain, facts, "status"),
            f"{PAGES}/{domain}": rendered(
                "system/status-page", url=f"{scheme}://{domain}", hidden=sorted(set(self.hidden))
            ),
        }
