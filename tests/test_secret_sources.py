"""What is said of a secret in sites.yaml, and that it is never the secret itself."""

import shutil
import subprocess
from pathlib import Path

import pytest

from deployer.errors import DeployError, UsageError
from deployer.planning.plan import Plan, SecretChange
from deployer.tasks.secrets import resolve, those_kept, with_all_values
from deployer.values.secrets import FromAge, FromCommand, FromEnvironment, FromFile, Generated, Given, secret


def test_the_three_ways(tmp_path: Path) -> None:
    (tmp_path / "token.gpg").write_bytes(b"...")
    assert secret("generate", tmp_path) == Generated(32)
    assert secret("env:SMTP_PASSWORD", tmp_path) == FromEnvironment("SMTP_PASSWORD")
    assert secret("gpg:token.gpg", tmp_path) == FromFile(f"{tmp_path}/token.gpg")
    assert secret("gpg:token.gpg", None) == FromFile("token.gpg")


@pytest.mark.parametrize(
    "text",
    ["", "hunter2", "generate:", "Generate", "env:", "env:a-b", "env:A B", "gpg:", "age:", "cmd:", "cmd: "],
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


def test_a_command_is_run_here_and_its_one_line_is_the_secret(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("hush\n")
    found = secret("cmd: cat 'one'", tmp_path)
    assert found == FromCommand(("cat", "one"), str(tmp_path))
    assert (str(found), resolve([found])) == ("from a command: cat one", {found: "hush"})
    failing = secret("cmd:sh -c 'echo hush; echo why >&2; exit 3'", tmp_path)
    with pytest.raises(DeployError, match=r"^sh gives no secret: why$"):
        resolve([failing])
    with pytest.raises(DeployError, match="no-such-program gives no secret: it cannot be run: No such file"):
        resolve([secret("cmd:no-such-program x", tmp_path)])
    with pytest.raises(UsageError, match="the value of cmd:true is empty"):
        resolve([secret("cmd:true", tmp_path)])
    with pytest.raises(ValueError, match="a quote is opened in this command"):
        secret("cmd:pass 'x", tmp_path)


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_a_file_that_age_has_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, file = tmp_path / "key.txt", tmp_path / "token.age"
    subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    subprocess.run(["age", "-e", "-i", key, "-o", file], input=b"hush\n", check=True)
    found = secret("age:token.age", tmp_path)
    assert (found, str(found)) == (FromAge(str(file)), "from token.age, by age")
    monkeypatch.setenv("AGE_IDENTITY", str(key))
    assert resolve([found]) == {found: "hush"}
    monkeypatch.delenv("AGE_IDENTITY")
    with pytest.raises(DeployError, match=r"age cannot decrypt .*token\.age: "):
        resolve([found])


def test_a_longer_value_is_made_where_a_program_wants_one(tmp_path: Path) -> None:
    assert secret("generate:64", tmp_path) == Generated(64)
    with pytest.raises(ValueError, match="expected generate"):
        secret("generate:1000", tmp_path)
