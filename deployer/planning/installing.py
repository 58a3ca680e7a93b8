"""What of a plan apt carries out, and in what state it is to do so; pure."""

from collections.abc import Iterator
from dataclasses import replace

from deployer.planning.desired import Desired
from deployer.planning.plan import Plan
from deployer.seen.facts import Facts
from deployer.seen.packaging import Additions, other_release, unfinished


def missing_packages(desired: Desired, facts: Facts) -> tuple[str, ...]:
    """What apt is to install; `NAME-` is its way to say: remove that one."""
    missing = sorted(desired.packages - facts.packages)
    return *missing, *(f"{package}-" for package in sorted(desired.in_the_way))


def with_additions(plan: Plan, desired: Desired, facts: Facts) -> Plan:
    """The plan with the packages that are missing, and what apt would do besides to install them."""
    packages = missing_packages(desired, facts)
    additions = facts.additions if packages else Additions()
    return replace(
        plan,
        packages=packages,
        upgrades=additions.upgrades,
        removals=additions.removals,
        pressing=(
            *plan.pressing,
            *unfinished(facts.packaging),
            *other_release(facts.packaging, facts.codename),
        ),
        notes=(*_unforeseen(additions), *plan.notes),
    )


def _unforeseen(additions: Additions) -> Iterator[str]:
    """What of it cannot be told yet."""
    if additions.unknown:
        names = ", ".join(additions.unknown)
        yield f"apt knows no {names} before an apply fetches its lists: what comes along shows then"
    if additions.refuses:
        yield f"apt would not install the packages: {additions.refuses}"


def missing_hugo(desired: Desired, facts: Facts) -> tuple[str, ...]:
    """The versions of Hugo that are wanted beside each other, and are not there."""
    if not desired.hugo:
        return ()
    from deployer.kinds.hugo import versions_there

    return tuple(sorted(desired.hugo - versions_there(facts)))
