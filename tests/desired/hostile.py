"""Values that would leave their place in a file, if anything let them."""

from collections.abc import Iterator

from chance import chance

PLAIN = "abcXYZ019-_./"
SYNTAX = " '\"`$(){}[];|&<>\\#*?!~=%@:,^+\n\t\0\u2028é"
ATTACKS = (
    "$(>canary)",
    "`>canary`",
    "'; >canary; '",
    '"; >canary; "',
    "\n>canary\n",
    "\\",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "; return 200; #",
    "} server { listen 1; ",
    "$request_uri",
    "${IFS}",
    "'",
    '"',
    "#",
)


def hostile_values(count: int) -> Iterator[str]:
    """Each attack alone, then so many that are put together by chance; the shortest first, each once."""
    made = {"".join(_chunk() for _ in range(chance.randint(1, 5))) for _ in range(count)}
    yield from ATTACKS
    yield from sorted(made - set(ATTACKS), key=len)


def _chunk() -> str:
    how = chance.randrange(3)
    if how == 0:
        return text(PLAIN, 1, 6)
    return chance.choice(ATTACKS) if how == 1 else text(SYNTAX, 0, 2)


def text(alphabet: str, least: int, most: int) -> str:
    """A text of some of these letters."""
    return "".join(chance.choices(alphabet, k=chance.randint(least, most)))
