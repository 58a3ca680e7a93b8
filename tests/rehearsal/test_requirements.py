from pathlib import Path

from deployer.rehearsal.requirements import PACKAGE_OF, complaint, missing_packages


def test_nothing_missing_is_no_complaint() -> None:
    assert complaint("Linux", 0, []) is None


def test_everything_missing_is_one_message_with_one_command() -> None:
    problem = complaint("Linux", 1000, ["mmdebstrap", "pebble"])
    assert problem is not None
    assert problem.message == (
        "A throwaway VPS needs what is missing here: root, the package mmdebstrap, the package pebble."
    )
    assert problem.advice.splitlines() == [
        "sudo apt-get install -y mmdebstrap pebble",
        "Then run the same command with sudo.",
    ]
    assert problem.exit_code == 1


def test_other_systems_are_named() -> None:
    problem = complaint("Darwin", 0, [])
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
