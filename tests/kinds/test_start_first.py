"""Which sites start the next container beside the one that is live, and at which ports."""

import pytest
from pydantic import TypeAdapter

from deployer.kinds.app import App
from deployer.kinds.start_first import EPHEMERAL, second_port

APP = {"kind": "app", "repository": "https://git.example.org/shop.git", "port": 3000}


def app(**more: object) -> App:
    return TypeAdapter(App).validate_python(APP | more)


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({}, True),
        ({"database": "postgres"}, True),
        ({"volumes": {"uploads": "/up"}}, False),
        ({"volumes": {"uploads": "/up"}, "replace": "start-first"}, True),
        ({"replace": "stop-first"}, False),
    ],
)
def test_an_application_without_volumes_starts_first(more: dict[str, object], first: bool) -> None:
    one = app(**more)
    assert bool(one.starts_first()) == first
    assert one.beside_ports() == ((23000,) if first else ())
    assert ("START_FIRST" in one.more_values("shop.example.org")) == first


def test_two_on_one_volume_are_told() -> None:
    assert (
        "use the volume uploads at once"
        in app(volumes={"uploads": "/up"}, replace="start-first").remarks()[0]
    )
    assert not app(volumes={"uploads": "/up"}).remarks()
    assert not app().remarks()


def test_each_of_several_has_two_ports() -> None:
    one = app(replicas=3, published=8100)
    assert one.local_ports() == (8100, 8101, 8102, 28100, 28101, 28102)
    assert app(replicas=2, replace="stop-first").local_ports() == (3000, 3001)


def test_a_second_port_is_a_port_and_none_that_the_kernel_gives_away() -> None:
    for port in range(1, 65536):
        other = second_port(port)
        assert 0 < other < 65536
        assert other != port
        assert other < EPHEMERAL or port > EPHEMERAL
