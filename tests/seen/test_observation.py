"""What is read from a server's own words."""

import pytest

from deployer.seen.observation import version


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.22.1", (1, 22, 1)),
        ("3.5.7-1~deb13u3", (3, 5, 7)),
        ("26.1.5+dfsg1-9+b7", (26, 1, 5)),
        ("5:29.1.2-1~debian.12~bookworm", (29, 1, 2)),
        ("4.0.0-2+deb13u1", (4, 0, 0)),
        ("2.26", (2, 26, 0)),
        ("", None),
        ("none", None),
    ],
)
def test_versions_as_debian_writes_them(text: str, numbers: tuple[int, int, int] | None) -> None:
    assert version(text) == numbers
