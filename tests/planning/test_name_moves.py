"""Names that move between sites: who keeps which until the certificate of the other has it."""

from collections.abc import Mapping
from typing import Any

from deployer.config.model import Config
from deployer.planning.comparing import make_plan
from deployer.planning.desired import desired_files
from deployer.planning.name_moves import (
    before_moves,
    keeping_old,
    losing_nothing,
    name_moves,
    served,
    that_lost,
    vhost,
)
from deployer.planning.stages import at_once, in_the_end
from deployer.seen.facts import Certificate, Facts
from deployer.seen.observation import Observation

ACME = "https://acme.example.org/directory"
OLD, NEW, NAME = "old.example.org", "new.example.org", "name.example.org"


def sites(**aliases: list[str]) -> Config:
    """Redirects by the first part of their domains, with aliases."""
    redirect = {"kind": "redirect", "to": "https://example.org"}
    entries = {f"{key}.example.org": {**redirect, "aliases": names} for key, names in aliases.items()}
    return Config.model_validate({"sites": entries})


def server(was: Config, **certificates: list[str]) -> Observation:
    """What an apply of these sites has left, with certificates for these names as well."""
    names = {site: {site, *entry.aliases} for site, entry in was.sites.items()}
    names |= {f"{key}.example.org": {*more} for key, more in certificates.items()}
    there = {site: Certificate(frozenset(covered), 0, "", ACME) for site, covered in names.items()}
    facts = Facts("debian", "13", certificates=there)
    files = desired_files(was, facts).files
    return Observation(facts, files, {path: file.digest for path, file in files.items()})


def now(config: Config, seen: Observation) -> Mapping[str, Any]:
    """The changes before any certificate, by path."""
    later, moves = in_the_end(config, seen.facts), name_moves(config, seen)
    desired = keeping_old(at_once(before_moves(config, moves), seen.facts, later, seen.files), moves)
    changes = make_plan(desired, seen, ACME, later=later.files).changes
    return {change.path: change.after for change in changes}


def orders(config: Config, seen: Observation) -> dict[str, tuple[str, ...]]:
    """The certificates that are asked for first."""
    every = make_plan(in_the_end(config, seen.facts), seen, ACME).certificates
    return {order.name: order.names for order in losing_nothing(every, name_moves(config, seen), seen)}


def test_an_alias_stays_until_the_new_certificate_has_it() -> None:
    seen, config = server(sites(old=[NAME], new=[])), sites(old=[], new=[NAME])
    assert [(move.name, move.old, move.new) for move in name_moves(config, seen)] == [(NAME, OLD, NEW)]
    assert not now(config, seen).keys() & {vhost(OLD), vhost(NEW)}
    assert orders(config, seen) == {NEW: (NEW, NAME)}


def test_both_have_it_until_the_new_one_serves_it() -> None:
    config = sites(old=[], new=[NAME])
    seen = server(sites(old=[NAME], new=[]), new=[NEW, NAME])
    moves = name_moves(config, seen)
    assert [move.why_not for move in moves] == [f"{NAME} stays with {OLD}: {NEW} is not live with it"]
    assert vhost(NEW) in now(config, seen)
    assert vhost(OLD) not in now(config, seen)
    seen = server(sites(old=[NAME], new=[NAME]))
    assert name_moves(config, seen) == ()
    assert vhost(OLD) in now(config, seen)
    every = make_plan(in_the_end(config, seen.facts), seen, ACME).certificates
    assert that_lost(every, moves, seen) == (), "NGINX's file still has it"
    moved = server(config, old=[OLD, NAME])
    assert NAME not in served(OLD, moved)
    assert [order.names for order in that_lost(every, moves, moved)] == [(OLD,)]


def test_the_domain_of_a_site_that_goes_and_an_alias_that_becomes_a_site() -> None:
    seen, config = server(sites(old=[NAME])), sites(new=[OLD], name=[])
    assert {move.name: move.new for move in name_moves(config, seen)} == {OLD: NEW, NAME: NAME}
    assert vhost(OLD) not in now(config, seen)
    assert orders(config, seen) == {NEW: (NEW, OLD), NAME: (NAME,)}


def test_two_that_change_places() -> None:
    seen, config = (
        server(sites(old=["a.example.org"], new=["b.example.org"])),
        sites(old=["b.example.org"], new=["a.example.org"]),
    )
    assert orders(config, seen) == {
        NEW: (NEW, "a.example.org", "b.example.org"),
        OLD: (OLD, "b.example.org", "a.example.org"),
    }
    assert not now(config, seen).keys() & {vhost(OLD), vhost(NEW)}


def test_what_is_no_move() -> None:
    seen = server(sites(old=[NAME], new=[]))
    assert name_moves(sites(old=[], new=[]), seen) == ()
    assert name_moves(sites(old=[NAME], new=["b.example.org"]), seen) == ()
    assert name_moves(sites(old=[], new=[NAME]), seen, ["third.example.org"]) == ()
    assert orders(sites(old=[], new=[]), seen) == {OLD: (OLD,)}
