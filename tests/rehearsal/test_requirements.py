from pathlib import Path

from deployer.rehearsal.requirements import PACKAGE_OF, complaint, missing_packages

AGAIN = "sudo /home/alma/.local/bin/deploy rehearse"


def test_nothing_missing_is_no_complaint() -> None:
    assert complaint("Linux", False, [], AGAIN) is None


def test_when_only_root_is_missing_there_is_one_thing_to_do() -> None:
    problem = complaint("Linux", True, [], AGAIN)
    assert problem is not None
    assert (problem.message, problem.advice) == ("A throwaway VPS needs root", f"Run: {AGAIN}")


def test_everything_missing_is_one_message_with_one_command() -> None:
    problem = complaint("Linux", True, ["mmdebstrap", "pebble"], AGAIN)
    assert problem is not None
    assert problem.message == (
        "A throwaway VPS needs root, and what is missing here: the packages mmdebstrap, pebble"
    )
    assert problem.advice.splitlines() == [
        "sudo apt-get install -y mmdebstrap pebble",
        AGAIN,
    ]
    assert problem.exit_code == 1
    as_root = complaint("Linux", False, ["pebble"], AGAIN)
    assert as_root is not None
    assert as_root.message == "A throwaway VPS needs what is missing here: the package pebble"
    assert as_root.advice == "sudo apt-get install -y pebble"


def test_other_systems_are_named() -> None:
    problem = complaint("Darwin", False, [], AGAIN)
    assert problem is not None
    assert "Darwin" in problem.message


def test_packages_are_missing_when_their_programs_are(tmp_path: Path) -> None:
    keyring = tmp_path / "keyring.gpg"
    assert missing_packages(str(tmp_path), keyring) == sorted(
        {*PACKAGE_OF.values(), "debian-archive-keyring"}
    )
    keyring.touch()
    for program in PACKAGE_OF:
        (tmp_path / program).touch(mode=0o755)
    assert missing_packages(str(tmp_path), keyring) == []
    (tmp_path / "ip").unlink()
    assert missing_packages(str(tmp_path), keyring) == ["iproute2"]
