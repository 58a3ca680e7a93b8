"""Plan and apply the monitors of a sites.yaml against a stand-in."""

import json
from pathlib import Path
from typing import Any

from deployer.config.loader import load
from deployer.planning.plan import Plan
from deployer.report.changes import plan_lines
from deployer.tasks import monitors as tasks
from outside.kuma import USER

SITES = {
    "www.example.org": {"kind": "proxy", "port": 9000, "aliases": ["example.org"]},
    "plain.example.org": {"kind": "proxy", "port": 9001, "https": False},
}
KEEPER = {"user": USER, "password": "env:KUMA_PASSWORD"}


class Run:
    """One look at the monitors, and what becomes of them."""

    def __init__(
        self,
        folder: Path,
        address: str,
        sites: dict[str, Any] = SITES,
        scope: list[str] | None = None,
        keeper: dict[str, Any] = KEEPER,
        host: str = "vps.example.org",
        held: dict[str, str] | None = None,
        heartbeats: bool = True,
        **more: Any,
    ) -> None:
        section = {
            "words": {name: "Welcome" for name in sites if name == "www.example.org"},
            "uptime_kuma": {"url": address, **keeper},
            "heartbeats": heartbeats,
        }
        document = {"server": {"host": host}, "sites": sites, "monitoring": section, **more}
        (folder / "sites.yaml").write_text(json.dumps(document))
        config = load(folder / "sites.yaml")
        assert config.monitoring
        self.monitors = tasks.Monitors(config, config.monitoring)
        self.plan = self.monitors.planned(Plan(held=held or {}), scope)
        self.said: list[str] = []

    def apply(self) -> bool:
        return self.monitors.write(self.plan, self.said.append)

    @property
    def lines(self) -> list[str]:
        return [*plan_lines(self.plan, "vps.example.org")]

    @property
    def paths(self) -> list[str]:
        return [each.change.path.removeprefix("uptime_kuma:") for each in self.plan.monitors]
