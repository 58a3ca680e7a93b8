"""What is said of a secret in sites.yaml, and that it is never the secret itself."""

from pathlib import Path

import pytest

from deployer.errors import UsageError
from deployer.planning.plan import Plan, SecretChange
from deployer.tasks.secrets import resolve, those_kept, with_all_values
from deployer.values.secrets import FromEnvironment, FromFile, Generated, Given, secret


def test_the_three_ways(tmp_path: Path) -> None:
    (tmp_path / "token.gpg").write_bytes(b"...")
    assert secret("generate", tmp_path) == Generated(32)
    assert secret("env:SMTP_PASSWORD", tmp_path) == FromEnvironment("SMTP_PASSWORD")
    assert secret("gpg:token.gpg", tmp_path) == FromFile(f"{tmp_path}/token.gpg")
    assert secret("gpg:token.gpg", None) == FromFile("token.gpg")


@pytest.mark.parametrize(
    "text", ["", "hunter2", "generate:", "Generate", "env:", "env:a-b", "env:A B", "gpg:"]
)
def test_anything_else_is_no_secret(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected generate|is not a name") as caught:
        secret(text, tmp_path)
    assert "hunter2" not in str(caught.value)


def test_an_encrypted_file_is_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no such file: .*/gone\.gpg"):
        secret("gpg:gone.gpg", tmp_path)
    with pytest.raises(ValueError, match="no such file"):
        secret("gpg:.", tmp_path)


def test_a_person_is_told_where_it_comes_from() -> None:
    told = [str(s) for s in (Generated(), FromEnvironment("A"), FromFile("/home/me/token.gpg"))]
    assert told == ["generated on the server", "from the environment: A", "from token.gpg, by gpg"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("one line\n", "one line"),
        ("one line\r\n", "one line"),
        ("two\r\nlines\n", "two\r\nlines\n"),
        (" ", " "),
    ],
)
def test_several_lines_stay_as_they_are(monkeypatch: pytest.MonkeyPatch, given: str, taken: str) -> None:
    monkeypatch.setenv("VALUE", given)
    assert resolve([FromEnvironment("VALUE")]) == {FromEnvironment("VALUE"): taken}


@pytest.mark.parametrize("given", ["", "\n"])
def test_an_empty_value_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("VALUE", given)
    with pytest.raises(UsageError, match="the value of VALUE is empty"):
        resolve([FromEnvironment("VALUE")])


def test_a_variable_that_is_not_set_is_asked_for_only_where_the_server_has_no_value() -> None:
    """`unset` is a variable that no environment has."""
    unset = FromEnvironment("NO_SUCH_VARIABLE_OF_THE_TESTS")
    assert resolve([unset, Given("x")]) == {Given("x"): "x"}
    assert [*those_kept({"a.test": {"TOKEN": unset}, "b.test": {"KEY": Given("x")}}, ())] == [
        f"a.test keeps the {unset.name} that it has: the environment has none to compare it with"
    ]
    assert [*those_kept({"a.test": {"TOKEN": unset}}, {"a.test": "it waits"})] == [], "it may have none"
    plan = Plan(secrets=(SecretChange("/opt/a.test/.env", "TOKEN", unset, True, "a.test"),))
    with pytest.raises(UsageError, match=f"the environment has no {unset.name}, which"):
        with_all_values(plan)
    assert with_all_values(Plan()) == Plan()
