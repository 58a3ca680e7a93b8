"""What holds after each apply, and during it."""

from collections.abc import Callable, Iterator

from vps.walk import rules_for_server as server
from vps.walk import rules_for_visitors as visitors
from vps.walk.round import Round
from vps.walk.walk import Fault

RULES: tuple[Callable[[Round], Iterator[str]], ...] = (
    server.words_are_for_people,
    visitors.nobody_answers_for_another,
    visitors.names_answer,
    visitors.each_name_is_of_one,
    server.nothing_else_runs,
    server.untouched_containers_stay,
    server.nothing_is_lost,
    server.data_goes_along,
    server.changes_are_told,
    server.what_is_refused_is_as_it_was,
    server.nothing_is_half_done,
    server.secrets_are_for_root,
    server.what_is_saved_is_set_up,
    server.firewall_is_as_wanted,
    visitors.nobody_waits_for_others,
    visitors.what_begins_beside_is_seamless,
)


def judge(one: Round) -> None:
    """Raise the first broken rule."""
    for rule in RULES:
        if words := list(rule(one)):
            raise Fault(rule.__name__, *words, "", *one.said.splitlines()[-40:])
