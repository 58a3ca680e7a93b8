"""What apt and dpkg are about, and what a plan says of it."""

from dataclasses import replace

import pytest

from deployer.planning.comparing import make_plan
from deployer.planning.plan import Plan
from deployer.report.changes import plan_lines
from deployer.seen.facts import Facts
from deployer.seen.packaging import Additions, other_release, read_packaging, unfinished
from planning.test_plan import ACME, READY, WANTED, seen

SEVEN = ["bash", "curl", "git", "libc6", "nginx", "perl", "zlib1g"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, []),
        (
            {"apt_at_work": ["4711 unattended-upgr"], "half_done": ["nginx"]},
            ["apt is at work (process 4711, unattended-upgr): what is installed may be changing just now"],
        ),
        ({"half_done": [""]}, ["dpkg was interrupted: run dpkg --configure -a on the server"]),
        (
            {"half_done": [*SEVEN, ""]},
            [
                "dpkg was interrupted, with bash, curl, git, libc6, nginx and 2 more half done: "
                "run dpkg --configure -a on the server"
            ],
        ),
    ],
)
def test_what_is_unfinished(said: dict[str, list[str]], told: list[str]) -> None:
    assert list(unfinished(read_packaging(said))) == told


@pytest.mark.parametrize(
    ("suites", "told"),
    [
        (["bookworm", "bookworm-updates", "bookworm-security", "bookworm-backports"], []),
        (["bookworm", "stable", "nodistro", "/", "noblest"], []),
        (["bookworm/updates", "any"], []),
        (["trixie", "trixie-security"], ["the sources of packages are of trixie, the server is bookworm"]),
        (
            ["bookworm", "trixie", "sid"],
            ["the sources of packages are of sid and trixie, the server is bookworm"],
        ),
    ],
)
def test_sources_of_another_release(suites: list[str], told: list[str]) -> None:
    assert list(other_release(read_packaging({"suite": suites}), "bookworm")) == told
    assert list(other_release(read_packaging({"suite": suites}), "")) == []


def planned(facts: Facts) -> Plan:
    return make_plan(WANTED, seen(WANTED.files, facts), ACME)


def test_what_comes_along_counts_only_with_packages_that_are_missing() -> None:
    additions = Additions(upgrades=("libc6",), removals=("exim4",))
    whole = planned(replace(READY, additions=additions))
    assert (whole.empty, whole.upgrades, whole.removals) == (True, (), ())
    lacking = planned(replace(READY, packages=frozenset({"git"}), additions=additions))
    assert (lacking.packages, lacking.upgrades, lacking.removals) == (("nginx",), ("libc6",), ("exim4",))


def test_what_cannot_be_known_before_an_apply_is_told() -> None:
    fresh = replace(READY, packages=frozenset())
    unknown = planned(replace(fresh, additions=Additions(unknown=("nginx",))))
    assert (
        "! apt knows no nginx before an apply fetches its lists: what comes along shows then"
        in plan_lines(unknown, "vps")
    )
    refused = planned(replace(fresh, additions=Additions(refuses="Unmet dependencies.")))
    assert "! apt would not install the packages: Unmet dependencies." in plan_lines(refused, "vps")


def test_what_is_pressing_is_told_though_nothing_changes() -> None:
    plan = planned(replace(READY, packaging=read_packaging({"half_done": ["nginx"]})))
    assert plan.empty
    assert list(plan_lines(plan, "vps")) == [
        "! dpkg was interrupted, with nginx half done: run dpkg --configure -a on the server",
        "Nothing to change on vps.",
    ]
