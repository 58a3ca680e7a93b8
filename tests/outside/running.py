"""Plan and apply DNS records of a sites.yaml against a stand-in."""

import json
from pathlib import Path
from typing import Any

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.planning.plan import Plan
from deployer.report.changes import plan_lines
from deployer.seen.facts import Facts
from deployer.tasks.names import Names
from outside.provider import Provider

FACTS = Facts("debian", "13", addresses=("203.0.113.7", "2001:db8::7"))
SITES = {
    "example.org": {"kind": "proxy", "port": 9000, "aliases": ["www.example.org"]},
    "shop.example.net": {"kind": "proxy", "port": 9001},
}


def configured(folder: Path, server: Provider, sites: dict[str, Any] = SITES, **dns: Any) -> Config:
    """A sites.yaml with these sites, and their records at a stand-in."""
    section = {"provider": "cloudflare", "token": "env:DNS_TOKEN", "endpoint": server.address}
    document = {"server": {"host": "vps.example.org"}, "sites": sites, "dns": {**section, **dns}}
    (folder / "sites.yaml").write_text(json.dumps(document))
    return load(folder / "sites.yaml")


class Run:
    """One look at the zones, and what becomes of them."""

    def __init__(
        self, config: Config, scope: list[str] | None = None, facts: Facts = FACTS, **plan: Any
    ) -> None:
        assert config.dns
        self.names = Names(config, config.dns)
        self.plan = self.names.planned(Plan(**plan), facts, scope)
        self.said: list[str] = []

    def apply(self, done: bool = True) -> bool:
        """Write what has to change; `done` is how it went on the server."""
        return self.names.write_rest(self.plan, done, self.said.append)

    @property
    def lines(self) -> list[str]:
        """The plan as a person reads it."""
        return [*plan_lines(self.plan, "vps.example.org")]

    @property
    def paths(self) -> list[str]:
        """What changes."""
        return [each.path for each in self.plan.records]
