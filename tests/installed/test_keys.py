"""What `admit` lets a restricted key do: two patterns, and a line of the log for each use."""

import json

import pytest

from installed.conftest import Root

MAY_PUSH = "the key ci may not push that site; it may push: a.test"
NOTHING_ELSE = "the key ci may run `push SITE [REF]` and `status`, and nothing else"


def uses(root: Root) -> list[dict[str, str]]:
    return [json.loads(line) for line in root.path("/var/log/deploy/keys.log").read_text().splitlines()]


@pytest.fixture
def keys(root: Root) -> Root:
    root.write("/etc/deploy/keys/ci", "# what it may\na.test\n")
    root.write("/etc/deploy/keys/home", "pull_backups\n")
    root.write("/etc/deploy/keys/builder", "send a.test\n")
    return root


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("push b.test", MAY_PUSH),
        ("push a.test;id", NOTHING_ELSE),
        ("push a.test --force", NOTHING_ELSE),
        ("push a.test ..", NOTHING_ELSE),
        ("push b.test --as new", MAY_PUSH),
        ("push a.test --as", NOTHING_ELSE),
        ("push a.test --as ../x", NOTHING_ELSE),
        ("push a.test --as a.b", NOTHING_ELSE),
        ("push a.test --as New", NOTHING_ELSE),
        ("push a.test --as new --force", NOTHING_ELSE),
        (f"push a.test --as {'x' * 64}", NOTHING_ELSE),
        ("previews a.test --remove new", NOTHING_ELSE),
        ("maintenance a.test on", NOTHING_ELSE),
        ("push  a.test", NOTHING_ELSE),
        ("push a.test\nid", NOTHING_ELSE),
        ("push ../a.test", NOTHING_ELSE),
        ("status --all", NOTHING_ELSE),
        ("exec a.test -- sh", NOTHING_ELSE),
        ("/usr/local/lib/deploy/bin/run a.test -- sh", NOTHING_ELSE),
        ("$(id)", NOTHING_ELSE),
        ("rsync --server --sender . x", NOTHING_ELSE),
        ("", NOTHING_ELSE),
    ],
)
def test_what_is_none_of_it_is_refused_and_logged(keys: Root, words: str, why: str) -> None:
    assert keys.run("admit", "ci", words, "192.0.2.7", code=2) == f"✗ refused: {why}\n"
    (use,) = uses(keys)
    assert (use["key"], use["from"], use["result"]) == ("ci", "192.0.2.7", "refused")


@pytest.mark.parametrize("key", ["gone", "../../ci", "CI", "", "--help x"])
def test_a_key_that_is_not_known_may_nothing(keys: Root, key: str) -> None:
    assert "this key is not known here any more" in keys.run("admit", key, "status", code=2)
    assert [use["key"] for use in uses(keys)] == ["unknown"]


def test_what_it_may_is_handed_on_to_the_program_that_does_it(keys: Root) -> None:
    assert "a.test is not on this server yet" in keys.run("admit", "ci", "push a.test v1.0", code=69)
    assert "a.test is not on this server yet" in keys.run("admit", "ci", "push a.test v1.0 --as new", code=69)
    assert "a.test is not on this server yet" in keys.run("admit", "ci", "push a.test --as new", code=69)
    assert "✗ a.test: not on this server yet" in keys.run("admit", "ci", "status", code=1)
    assert keys.run("admit", "home", "rsync --server --sender -logDtpre.iLsfxC . notes/") == ""
    assert "may fetch backups with rsync" in keys.run("admit", "home", "push a.test", code=2)
    assert [use["result"] for use in uses(keys)] == ["accepted"] * 5 + ["refused"]
    assert keys.path("/var/log/deploy/keys.log").stat().st_mode & 0o77 == 0


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("push a.test", "the key builder may not push that site; it may push: none"),
        ("push b.test --from public", "the key builder may not send that site; it may send: a.test"),
        ("push b.test --from public --as new", "the key builder may not send that site; it may send: a.test"),
        ("have b.test --files", "the key builder may not send that site; it may send: a.test"),
        *(
            (words, "the key builder may run `push SITE --from NAME` and `status`, and nothing else")
            for words in (
                "push a.test --from",
                "push a.test --from ../x",
                "push a.test --from x --force",
                "push a.test --from x --list 1e9",
                "push a.test --from x --list 1 --by root",
                "push a.test --from x --as",
                "have a.test",
                "have a.test --files x",
            )
        ),
    ],
)
def test_a_key_that_sends_files_does_only_that(keys: Root, words: str, why: str) -> None:
    assert keys.run("admit", "builder", words, code=2) == f"✗ refused: {why}\n"
    assert keys.run("admit", "builder", "push a.test --from public --list 9", code=69)
    assert keys.run("admit", "builder", "push a.test --from public --list 9 --as new", code=69)
    assert keys.run("admit", "builder", "have a.test --files", code=69)
