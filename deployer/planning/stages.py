"""What is wanted of a server at once, and in the end, when all that it needs is installed and issued."""

from collections.abc import Collection
from dataclasses import replace

from deployer.config.model import Config
from deployer.files import Found, same
from deployer.parts.certbot import wanted_certificates
from deployer.planning.desired import Desired, desired_files, wanted_packages
from deployer.seen.facts import Certificate, Facts
from deployer.seen.releases import USUAL

NOT_LOOKED_AT = Facts(*USUAL)
"""Enough to know almost every path that may be wanted, and every service's containers, on any server."""


def with_packages(config: Config, facts: Facts) -> Desired:
    """What is wanted now: with all packages, and with just the certificates that are there."""
    return desired_files(config, replace(facts, packages=facts.packages | wanted_packages(config, facts)))


def at_once(config: Config, facts: Facts, later: Desired, seen: Found) -> Desired:
    """What is wanted now: just what `later` is, in the end, when no name lacks a certificate.

    What all share, and is on the server as it shall be in the end, stays so meanwhile: a site that waits may
    have been there without TLS.
    """
    there, names_of = facts.certificates, later.certificates
    covered = all(name in there and there[name].names >= set(names) for name, names in names_of.items())
    if covered and names_of == wanted_certificates(config):  # otherwise names are about to move
        return later
    now = with_packages(config, facts)
    done = {path: file for path, file in later.files.items() if same(file, seen.get(path))}
    shared = now.files.keys() - now.site_of.keys()
    return replace(now, files=now.files | {path: file for path, file in done.items() if path in shared})


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
