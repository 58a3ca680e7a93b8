"""A site in containers whose next container is started beside the one that visitors are led to."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deployer.kinds.composition import ComposedSite
from deployer.values.types import Duration, written

if TYPE_CHECKING:
    from collections.abc import Iterable

EPHEMERAL = 32768
"""From here on, the kernel gives ports to whoever asks somebody something."""


class ReplacedSite(ComposedSite):
    """A site in containers, which are replaced one after the other, or one beside the other."""

    replacing: Literal["start-first", "stop-first"] | None = Field(
        None,
        alias="replace",
        description="start-first: a push starts the new container beside the old one, which goes when the "
        "new one is well; stop-first: the old one goes before. Without it, an app without volumes starts "
        "first",
    )
    drain: Duration = Field(
        written("30s"),
        description="how long what visitors have begun may go on in the old container, once others are led "
        "to the new one",
    )

    def starts_first(self) -> str:
        """The service whose new container is started beside the old one, if one is."""
        return ""

    def beside_ports(self) -> tuple[int, ...]:
        """The other ports, where the next one is started."""
        if not self.starts_first():
            return ()
        return tuple(second_port(self.port) + at for at, _ in enumerate(self.led_ports()))

    def local_ports(self) -> tuple[int, ...]:
        """Those where the next one is started, too."""
        return tuple(dict.fromkeys((*self.led_ports(), *super().local_ports(), *self.beside_ports())))

    def more_values(self, name: str) -> "dict[str, str | int]":
        """What is started first, where, and how long the old one may go on."""
        if not self.starts_first():
            return {**super().more_values(name)}
        beside = self.beside_ports()
        return {
            **super().more_values(name),
            "START_FIRST": self.starts_first(),
            "SECOND_PORT": beside[0],
            "REPLICAS": len(beside),
            "DRAIN": self.drain,
        }


def second_port(port: int) -> int:
    """The port beside this one: far from where others listen, and none that the kernel gives away."""
    return next(
        other for other in (port + 20000, port + 10000, port - 10000) if other < EPHEMERAL or other < port
    )


def port_range(ports: tuple[int, ...]) -> str:
    """As Docker Compose reads it, which gives each container one of them."""
    return f"{ports[0]}-{ports[-1]}" if len(ports) > 1 else str(ports[0])


def live_port(ports: tuple[int, ...]) -> str:
    """The same where a push may have gone over to those beside: it says so in .env."""
    return f"${{DEPLOY_PORT:-{port_range(ports)}}}"


def shared_at_once(names: "Iterable[str]") -> str:
    """What a person should know who has two of it run beside each other."""
    named = ", ".join(names)
    return (
        f"replace: start-first has its old and its new container write to {named} at once for a while: "
        "right for uploads, wrong for a database or whatever locks its files"
    )
