"""What one round of a watch has seen, and told."""

from collections.abc import Mapping
from dataclasses import dataclass

from deployer.watching.memory import News
from deployer.watching.trouble import Trouble
from deployer.watching.visits import Visit


@dataclass(frozen=True, slots=True)
class Seen:
    """What a round has seen and told.

    `outcome` is, by the name of each channel, why nobody was told there, empty where somebody was;
    `warnings` are those of the watch itself. `offline`: this machine had no network.
    """

    host: str
    visits: tuple[Visit, ...]
    troubles: tuple[Trouble, ...]
    news: News
    outcome: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    offline: bool = False

    @property
    def told(self) -> bool:
        """Whether anybody was told of the news."""
        return "" in self.outcome.values()
