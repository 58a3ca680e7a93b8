"""The `.env` of a stack, line by line."""

import pytest

from deployer.composefile.dotenv import Dotenv, dotenv
from deployer.values.attachments import LocalFile


def of(text: str) -> Dotenv:
    return dotenv(LocalFile(".env", "/.env", text.encode()))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A=", ""),
        ("export A=b", "b"),
        ("A = b ", "b"),
        ("A: b", "b"),
        ("A=b # said", "b"),
        ("A=b#c", "b#c"),
        ("A=# said", "# said"),
        ('A="a\\$b"', "a$b"),
        ("A='b # $c' # said", "b # $c"),
        ('A="b # \\"c\\"\\n" # said', 'b # "c"\n'),
        ('A="one\ntwo"', "one\ntwo"),
        ("B=x\nA=${B}/y", "x/y"),
        ("B=x\nA='${B}'", "${B}"),
        ("A=${B:-z}", "z"),
        ("A=a\nA=b\r\n", "b"),
        ("A=b=c:d", "b=c:d"),
        ("A=$$HOME", "$HOME"),
    ],
)
def test_values(line: str, value: str) -> None:
    found = of(f"# before\n\n{line}\n# after")
    assert found.problems == ()
    assert dict(found.values)["A"] == value


def test_what_is_for_docker_compose_itself_is_no_value() -> None:
    found = of("COMPOSE_PROJECT_NAME=shop\nCOMPOSE_PROFILES=a,b\nA=b\n")
    assert (found.values, found.says("COMPOSE_PROJECT_NAME")) == ((("A", "b"),), "shop")
    assert (found.says("COMPOSE_PROFILES"), of("").says("COMPOSE_PROFILES")) == ("a,b", "")


def test_mistakes_have_their_line_and_no_value() -> None:
    text = "A=1\nCOMPOSE_FILE=hush.yml\nUSER=hush\nB=${NONE}hush\nonly\nC='hush\n"
    told = [str(problem) for problem in of(text).problems]
    assert [each.split(" ")[0] for each in told] == [f"/.env:{line}:1:" for line in (2, 3, 4, 5, 6)]
    assert not any("hush" in each for each in told)
    assert of("A=\xff").problems == ()
    assert dotenv(LocalFile(".env", "/.env", b"A=\xff")).problems
