"""Keys written into sites.yaml and taken out of it as text."""

from pathlib import Path

import pytest

from deployer.config.editing import with_key, without_key
from deployer.config.keys import RestrictedKey
from deployer.config.loader import load

PUBLIC = [
    f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{text}"
    for text in (
        "H+xBkKSLuDFQCCJYvP4fIfcVKi5JEdc6+LXdbJXwKUk",
        "C022uwG5vjIQbBGX2S7cc/zOKqjEV4ELJCdhVS2xsKx",
    )
]
SITES = "sites:\n  a.example.org: {kind: static, repository: https://git.example.org/a.git}  # a comment\n"
KEY = RestrictedKey(public=PUBLIC[0], push=("a.example.org",))
OTHER = f"  home:\n    public: {PUBLIC[1]}   # at home\n    pull_backups: true\n"
SHAPES = {
    "no keys": SITES,
    "no line end": SITES.rstrip("\n"),
    "empty": f"keys:\n{SITES}",
    "last": f"{SITES}\n# two keys\nkeys:  # of others\n{OTHER}",
    "first": f"keys:\n{OTHER}\n\n# the sites\n{SITES}",
    "deeper": f"keys:\n{OTHER.replace('  ', '    ')}{SITES}",
    "a comment at the end": f"{SITES}keys:\n{OTHER}  # the end\n# all\n",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=list(SHAPES))
def test_a_key_comes_and_goes_and_everything_else_stays(text: str, tmp_path: Path) -> None:
    file = tmp_path / "sites.yaml"
    file.write_text(text)
    before = load(file)
    longer = with_key(text, "ci", KEY)
    file.write_text(longer)
    assert load(file) == before.model_copy(update={"keys": {**before.keys, "ci": KEY}})
    assert [line for line in text.splitlines() if line not in longer.splitlines()] == []
    shorter = without_key(longer, "ci")
    file.write_text(shorter)
    assert load(file) == before
    assert "a comment" in shorter
    if before.keys:
        assert shorter == text


def test_the_right_key_is_taken_out() -> None:
    text = with_key(SHAPES["last"], "ci", KEY)
    without = without_key(text, "home")
    assert "at home" not in without
    assert PUBLIC[0] in without
    assert "# two keys\nkeys:  # of others\n  ci:" in without
