"""Compositions that go on under another name: whose place they take, and what is said of the data."""

from dataclasses import replace

import pytest

from deployer.config.model import Config
from deployer.files import File
from deployer.planning.comparing import make_plan
from deployer.planning.desired import desired_files
from deployer.planning.renames import not_yet, remarks, renamed, without_waiting
from deployer.planning.transition import Ending
from deployer.seen.facts import Certificate, Facts
from deployer.seen.observation import Observation
from deployer.seen.stacks import Stack, Standing
from deployer.values.secrets import FromEnvironment, Generated
from planning.test_plan import ACME, READY
from planning.test_plan import seen as on_server

OLD = "KIND=compose\nPROJECT='chat'\nDIRECTORY='/opt/chat'\n"
NOTHING = desired_files(Config(), Facts("debian", "13"))


def seen(compose: str = "", **stack: frozenset[str]) -> Observation:
    files = {"/etc/deploy/sites/chat.conf": File(OLD.encode())}
    if compose:
        files["/opt/chat/docker-compose.yml"] = File(compose.encode())
    stacks = {"chat": Stack("chat", "/opt/chat", running=True, **stack)} if stack else {}
    return Observation(Facts("debian", "13", stacks=stacks), files, {})


def standing(name: str, project: str = "", **more: frozenset[str]) -> Standing:
    return Standing(f"/opt/{name}", project or name, **more)


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (seen(ports=frozenset({"80/tcp"})), standing("talk", ports=frozenset({"80/tcp", "81/tcp"}))),
        (seen(), standing("talk", "chat")),
        (seen("name: chat\nservices: {}\n"), standing("talk")),
    ],
)
def test_a_new_name_for_the_same_thing(there: Observation, wanted: Standing) -> None:
    files = {"/opt/talk/docker-compose.yml": File(b"name: talk\nservices: {}\n")}
    assert renamed({"talk": wanted}, files, there) == {"talk": "chat"}


def test_a_new_name_for_what_does_not_run_any_more() -> None:
    values = {"/etc/deploy/sites/chat.conf": File(f"{OLD}PORT=80\n".encode())}
    there = replace(seen(), files=values)
    assert renamed({"talk": standing("talk", ports=frozenset({"80/tcp"}))}, {}, there) == {"talk": "chat"}
    assert renamed({"talk": standing("talk", ports=frozenset({"8/tcp", "800/tcp"}))}, {}, there) == {}


@pytest.mark.parametrize("there", [seen(), seen("name: chat\n"), seen(ports=frozenset({"81/tcp"}))])
def test_something_else(there: Observation) -> None:
    files = {"/opt/talk/docker-compose.yml": File(b"name: talk\nservices: {}\n")}
    assert renamed({"talk": standing("talk", ports=frozenset({"80/tcp"}))}, files, there) == {}


def test_what_is_most_alike_takes_the_place() -> None:
    files = {f"/opt/{name}/docker-compose.yml": File(b"services: {}\n") for name in ("job", "memo", "talk")}
    there = seen("services: {}\n", ports=frozenset({"80/tcp"}))
    wanted = {"job": standing("job"), "memo": standing("memo", ports=frozenset({"80/tcp"}))}
    assert renamed(wanted, files, there) == {"memo": "chat"}
    assert renamed(wanted | {"talk": standing("talk", "chat")}, files, there) == {"talk": "chat"}


def test_one_that_is_wanted_all_the_same_has_no_follower() -> None:
    wanted = {"chat": standing("chat"), "talk": standing("talk", "chat")}
    assert renamed(wanted, {}, seen()) == {}


@pytest.mark.parametrize(
    ("changed", "goes"),
    [
        ({"certificates": {}}, False),  # asked for, and perhaps refused
        ({"taken_names": {"chat.test": "/etc/nginx/conf.d/mine.conf"}}, False),
        ({}, True),
    ],
)
@pytest.mark.parametrize(
    "before",
    [
        {"kind": "ntfy", "port": 2586},
        {"kind": "static", "repository": "https://git.example.org/a", "before": "make"},
    ],
)
def test_what_is_to_be_of_another_kind_is_what_it_was_until_it_can(
    before: dict[str, object], changed: dict[str, object], goes: bool
) -> None:
    facts = replace(READY, certificates={"chat.test": Certificate(frozenset({"chat.test"}), 0, "", ACME)})
    there = desired_files(Config.model_validate({"sites": {"chat.test": before}}), facts).files
    facts = replace(facts, **changed)  # type: ignore[arg-type]
    redirect = {"kind": "redirect", "to": "https://example.org"}
    wanted = desired_files(Config.model_validate({"sites": {"chat.test": redirect}}), facts)
    plan = make_plan(wanted, on_server(there, facts), ACME)
    gone = {change.path for change in plan.changes if change.after is None and "logrotate" not in change.path}
    assert bool(plan.ended) is (goes and before["kind"] == "ntfy")
    assert gone == ({*there} - {*wanted.files, "/etc/logrotate.d/deploy"} if goes else set())


@pytest.mark.parametrize("certified", [False, True])
def test_the_old_one_stays_while_the_new_one_waits_for_its_certificate(certified: bool) -> None:
    there = seen("services: {}\n", ports=frozenset({"2586/tcp"}))
    named = {"talk.test": Certificate(frozenset({"talk.test"}), 0, "")} if certified else {}
    there = replace(
        there,
        facts=replace(there.facts, certificates=named),
        written=dict.fromkeys(there.files, "0" * 64),
    )
    config = Config.model_validate({"sites": {"talk.test": {"kind": "ntfy", "port": 2586}}})
    desired = desired_files(config, there.facts)
    plan = make_plan(desired, there, "")
    assert not_yet(desired, there) == (frozenset() if certified else {"talk.test", "chat"})
    assert plan.ended == ((Ending("chat", "chat"),) if certified else ())
    assert [step.instead_of for step in plan.steps] == ([("chat",)] if certified else [])
    removed = {change.path for change in plan.changes if change.after is None}
    assert (removed >= there.files.keys()) is certified
    assert bool(removed & there.files.keys()) is certified


def test_it_is_said_what_becomes_of_the_data() -> None:
    there = seen(volumes=frozenset({"chat_data"}))
    secrets = {"/opt/talk/.env": {"DB_PASSWORD": Generated(), "TOKEN": FromEnvironment("TOKEN")}}
    anew = replace(NOTHING, coming={"talk": standing("talk")}, secrets=secrets)
    (said,) = remarks({"talk": "chat"}, anew, there)
    assert said == (
        "talk takes the place of chat, and begins anew: with empty volumes and new values of DB_PASSWORD. "
        "Of chat stays what is in /opt/chat, volume chat_data. "
        "To take it over, write `directory: /opt/chat` and `project: chat`"
    )
    (said,) = remarks(
        {"talk": "chat"}, replace(NOTHING, coming={"talk": Standing("/opt/chat", "chat")}), there
    )
    assert said == "talk takes the place of chat, and goes on with its folder, volumes and secrets"


@pytest.mark.parametrize(
    ("place", "stacks", "secrets", "said"),
    [
        (
            standing("talk", "chat"),
            {"chat": {"chat_data", "chat_more"}},
            {"/opt/chat/.env": {"DB_PASSWORD": "1", "BY_HAND": "2"}},
            "goes on as its Compose project chat, with volumes chat_data, chat_more "
            "and its values of BY_HAND, DB_PASSWORD. What else is in /opt/chat stays there. "
            "To take that over, too, write `directory: /opt/chat`",
        ),
        (
            standing("talk", "chat"),
            {"chat": set()},
            {},
            "goes on as its Compose project chat. What is in /opt/chat stays there. "
            "To take that over, too, write `directory: /opt/chat`",
        ),
        (
            standing("talk", of_any_name=frozenset({"shop_db", "/srv/shop", "/srv/shopping", "other"})),
            {"chat": {"chat_data", "shop_db"}},
            {"/opt/chat/.env": {"DB_PASSWORD": "1"}},
            "goes on with volume shop_db and /srv/shop and its values of DB_PASSWORD, "
            "but else with empty volumes. Of chat stays what is in /opt/chat, volume chat_data. "
            "To take it over, write `directory: /opt/chat` and `project: chat`",
        ),
        (
            standing("talk", of_any_name=frozenset({"/opt/chat/data"})),
            {"chat": set()},
            {"/opt/chat/.env": {"DB_PASSWORD": "1"}},
            "goes on with /opt/chat/data and its values of DB_PASSWORD. Of chat stays what is in /opt/chat. "
            "To take it over, write `directory: /opt/chat` and `project: chat`",
        ),
        (
            Standing("/opt/chat", "talk"),
            {"chat": {"chat_data"}},
            {"/opt/chat/.env": {"DB_PASSWORD": "1"}},
            "goes on with its folder and secrets, but with empty volumes. "
            "Of chat stays volume chat_data. To take it over, write `project: chat`",
        ),
        (
            Standing("/opt/chat", "talk"),
            {"chat": set()},
            {},
            "goes on with its folder and secrets",
        ),
        (
            standing("talk"),
            {"chat": {"chat_data"}, "talk": {"talk_data"}},
            {"/opt/chat/.env": {"DB_PASSWORD": "1"}, "/opt/talk/.env": {"DB_PASSWORD": "2"}},
            "goes on with what is there by its own name: volume talk_data and the values of DB_PASSWORD "
            "in /opt/talk/.env. Of chat stays what is in /opt/chat, volume chat_data. "
            "To take it over, write `directory: /opt/chat` and `project: chat`",
        ),
        (
            standing("talk"),
            {"chat": set()},
            {"/opt/talk/.env": {"DB_PASSWORD": "2"}},
            "begins anew: with empty volumes and the values of DB_PASSWORD in /opt/talk/.env. "
            "Of chat stays what is in /opt/chat. To take it over, write `directory: /opt/chat` and "
            "`project: chat`",
        ),
    ],
)
def test_it_is_said_what_goes_on_and_what_does_not(
    place: Standing, stacks: dict[str, set[str]], secrets: dict[str, dict[str, str]], said: str
) -> None:
    found = {
        name: Stack(name, f"/opt/{name}", volumes=frozenset(volumes)) for name, volumes in stacks.items()
    }
    file = "services: {app: {volumes: ['/srv/shop:/data', 'db:/db']}}\nvolumes: {db: {name: shop_db}}\n"
    there = replace(seen(file), facts=Facts("debian", "13", stacks=found), secrets=secrets)
    wanted = replace(
        NOTHING,
        coming={"talk": place},
        standings={"talk": place},
        secrets={f"{place.folder}/.env": {"DB_PASSWORD": Generated()}},
    )
    assert list(remarks({"talk": "chat"}, wanted, there)) == [f"talk takes the place of chat, and {said}"]


def test_the_old_one_stays_as_long_as_the_new_one_does_not_come() -> None:
    own = ["/opt/chat/.env", "/etc/deploy/sites/chat.conf", "/etc/nginx/conf.d/chat.conf"]
    gone, desired = [*own, "/opt/chatter/.env"], replace(NOTHING, coming={"talk": standing("talk", "chat")})
    assert without_waiting(gone, desired, {}, seen()) == ["/opt/chatter/.env"]
    come = {"/opt/talk/docker-compose.yml": File(b"")}
    assert without_waiting(gone, desired, come, seen()) == gone


def test_an_old_one_whose_name_is_something_else_by_now_does_not_stay() -> None:
    own, coming = ["/opt/chat/.env", "/etc/deploy/sites/chat.conf"], {"talk": standing("talk", "chat")}
    desired = replace(NOTHING, coming=coming, site_of={"/etc/nginx/conf.d/chat.conf": "chat"})
    assert without_waiting(own, desired, {}, seen()) == own
