"""What an apply says of a server that has become another on the way."""

from deployer.config.model import Config
from deployer.files import File, Link
from deployer.planning.plan import Change, Plan
from deployer.tasks.converge import Convergence


def test_with_the_interrupted_apply_undone_also_what_goes_then_is_shown() -> None:
    said: list[str] = []
    shown: list[Plan] = []
    run = Convergence(None, Config.model_validate({}), None, said.append, shown.append)  # type: ignore[arg-type]
    known, other = (Change(f"/etc/deploy/{name}", File(b""), File(b"new")) for name in "ab")
    gone = Change("/etc/deploy/c", File(b""), None)
    one, two = Plan(changes=(known,)), Plan(changes=(known, other, gone))
    run._show_what_is_new(one, two, "interrupted apply undone")
    assert said == ["! With the interrupted apply undone, these files turn out otherwise:"]
    assert [each.changes for each in shown] == [(other, gone)]
    run._show_what_is_new(two, two, "packages installed")
    assert len(said) == len(shown) == 1
    brought = Change("/etc/nginx/sites-enabled/default", Link("../sites-available/default"), None)
    run._show_what_is_new(one, Plan(changes=(known, brought)), "packages installed")
    assert len(said) == len(shown) == 1, "that they bring this was known before"
