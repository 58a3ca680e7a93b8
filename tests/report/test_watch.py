"""What a watch says of a round: nobody was told who was not reached."""

import json

import pytest

from deployer.report.watch import seen_json, show_seen
from deployer.watching.memory import Known, News
from deployer.watching.seen import Seen
from deployer.watching.trouble import Trouble

NEWS = News({"visit page.test": Known("page.test answers 502", 0)})


@pytest.mark.parametrize(
    ("outcome", "words", "told"),
    [
        ({"ntfy": ""}, "→ told: page.test answers 502", ["page.test answers 502"]),
        ({"ntfy": "it answers 500", "url": ""}, "→ told: page.test answers 502", ["page.test answers 502"]),
        ({"ntfy": "it answers 500"}, "→ nobody was told: page.test answers 502", []),
        ({}, "→ nobody was told: page.test answers 502", []),
    ],
)
def test_told_is_who_was_reached(
    outcome: dict[str, str], words: str, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Seen("vps.test", (), (Trouble("visit page.test", "page.test answers 502"),), NEWS, outcome)
    show_seen(seen)
    assert words in "".join(capsys.readouterr())
    assert json.loads(seen_json(seen))["told"] == told
