"""What a rollback has brought back with its configuration stays so until somebody says otherwise."""

from dataclasses import replace
from typing import Any

from deployer.config.model import Config
from deployer.files import File
from deployer.planning.plan import Surprise
from deployer.planning.rolled_back import wants_apply
from deployer.planning.stages import in_the_end
from deployer.report.changes import plan_lines
from deployer.seen import manifest
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from deployer.tasks.converge import Convergence

SHOP: dict[str, Any] = {"kind": "app", "image": "registry.test/shop:1", "port": 80, "https": False}
OTHER: dict[str, Any] = {"kind": "redirect", "to": "https://example.org", "https": False}
FACTS = Facts("debian", "13", engine=True).having(docker=(26, 1, 5), compose=(2, 26, 1))
FILE = "/opt/shop.test/docker-compose.yml"
FIRST_LINE = b"# Rolled back to 20261130-120000, with what it ran with then\n"


def config(**sites: dict[str, Any]) -> Config:
    return Config.model_validate({"sites": {name.replace("_", "."): site for name, site in sites.items()}})


def rolled_back(of: Config) -> Observation:
    """A server that is as sites.yaml says, but for what a rollback has laid."""
    installed = replace(FACTS, packages=in_the_end(of, FACTS).packages)
    wanted = in_the_end(of, installed)
    written = {path: file.digest for path, file in wanted.files.items()}
    then = File(FIRST_LINE + wanted.files[FILE].content.replace(b"512m", b"256m"))
    files = {**wanted.files, FILE: then, manifest.PATH: manifest.write(written)}
    installed = replace(installed, units=dict.fromkeys(wanted.units, "active enabled"))
    return Observation(installed, files, written)


def run(of: Config, scope: list[str] | None = None) -> Convergence:
    return Convergence(None, of, scope, print, print)  # type: ignore[arg-type] # it is told what it sees


def wants(of: Config, seen: Observation) -> bool:
    return wants_apply("shop.test", run(of, ["shop.test"]).plan(seen), seen)


def test_an_apply_that_does_not_name_it_leaves_it() -> None:
    of = config(shop_test=SHOP)
    seen = rolled_back(of)
    plan = run(of).plan(seen)
    assert (plan.changes, plan.compositions) == ((), ())
    why = (
        "it is rolled back to 20261130-120000, with the configuration of then. deploy push shop.test goes on"
    )
    assert plan.held["shop.test"].startswith(why)

    both = config(shop_test=SHOP, other_test=OTHER)
    plan = run(both).plan(seen)
    assert plan.held.keys() == {"shop.test"}
    assert not [change for change in plan.changes if change.site == "shop.test"]


def test_an_apply_that_names_it_says_what_comes_of_it() -> None:
    of = config(shop_test=SHOP)
    plan = run(of, ["shop.test"]).plan(rolled_back(of))
    assert [(change.path, change.surprise) for change in plan.changes] == [(FILE, Surprise.ROLLED_BACK)]
    assert (plan.compositions, dict(plan.held)) == (("shop.test",), {})
    told = [*plan_lines(plan, "vm")]
    assert f"~ {FILE} (of an earlier release, by a rollback)" in told
    assert (
        "! shop.test is rolled back to 20261130-120000, and keeps the image of then, which may never have "
        "run as sites.yaml says now: deploy push shop.test takes the newest" in told
    )


def test_a_push_needs_no_apply_for_what_it_lays_itself() -> None:
    """But for what sites.yaml says since."""
    of = config(shop_test=SHOP)
    seen = rolled_back(of)
    assert not wants(of, seen)
    since = config(shop_test=SHOP | {"environment": {"A": "1"}})
    assert wants(since, seen)
    edited = replace(seen, files={**seen.files, FILE: File(b"services: {}\n")})
    assert wants(of, edited)


def test_what_is_taken_out_of_sites_yaml_goes() -> None:
    seen = rolled_back(config(shop_test=SHOP))
    plan = run(config(other_test=OTHER)).plan(seen)
    assert [change.after for change in plan.changes if change.path == FILE] == [None]
