"""What a server will be once everything that a configuration needs is installed and issued."""

from collections.abc import Collection
from dataclasses import replace

from deployer.config.model import Config
from deployer.desired import Desired, desired_files, wanted_certificates, wanted_packages
from deployer.desired.facts import Certificate, Facts


def with_packages(config: Config, facts: Facts) -> Desired:
    """What is wanted now: with all packages, and with just the certificates that are there."""
    return desired_files(config, replace(facts, packages=facts.packages | wanted_packages(config, facts)))


def at_once(config: Config, facts: Facts, later: Desired) -> Desired:
    """What is wanted now: just what `later` is, in the end, when no name lacks a certificate."""
    there = facts.certificates
    if all(name in there and there[name].names >= set(names) for name, names in later.certificates.items()):
        return later
    return with_packages(config, facts)


def in_the_end(config: Config, facts: Facts, scope: Collection[str] | None = None) -> Desired:
    """What is wanted in the end: every certificate of the sites in scope (None: all) covers all of its names.

    Nobody asks for the others, and so what all sites share is as it can be without them.
    """
    assumed = {
        name: Certificate(frozenset(names), expires=0, issuer="", server="")
        for name, names in wanted_certificates(config).items()
        if scope is None or name in scope
    }
    return with_packages(config, replace(facts, certificates={**facts.certificates, **assumed}))
