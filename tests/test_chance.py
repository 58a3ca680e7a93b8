"""A red run comes again with its seed."""

from hypothesis import given, settings
from hypothesis import strategies as st

import chance


def test_what_is_drawn_depends_on_the_seed_and_the_name() -> None:
    drawn: list[int] = []

    @settings(max_examples=20, database=None)
    @given(st.integers())
    def draw(number: int) -> None:
        drawn.append(number)

    def of(name: str) -> list[object]:
        drawn.clear()
        chance.begin(name, draw)
        draw()
        return [*drawn, chance.noise(8)]

    assert of("one") == of("one") != of("another")
