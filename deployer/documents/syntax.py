"""The text of sites.yaml → one tree of nodes, or in plain words what is wrong with it as YAML."""

import re
from collections.abc import Collection

import yaml

from deployer.documents.nodes import TOO_DEEP, Composer, Node
from deployer.errors import ConfigError, Problem

NOT_YAML = "this cannot be read as YAML: check the quotes, brackets and indentation here"
TAB = "a tab is here: YAML is indented with spaces"
CHARACTER = "{character} cannot stand here: put the text in quotes"
STAR = 'a text that begins with * stands in quotes, such as "*.example.org"'
NO_BLANK = re.compile(r" *(?P<key>[A-Za-z][\w.-]*):[^\s/].*")
# What PyYAML says, and what it means to someone who has just mistyped something.
PLAINLY = (
    (
        "mapping values are not allowed",
        "a ':' is not expected here: check the indentation, quote text with ': '",
    ),
    ("found unexpected end of stream", "a quote is opened here and never closed"),
    ("expected ',' or '[]}]'", "a bracket is opened here and not closed"),
    ("did not find expected key|expected <block end>", "this line is not indented like the ones before it"),
    ("did not find expected '-'", "this line should begin with '-' like the ones before it"),
    ("could not find expected ':'", "a line before this has no ':' after its key"),
    ("cannot start any token", CHARACTER),
    ("nesting|recursion", TOO_DEEP),
    ("escape", "an unknown escape: in 'single quotes' a backslash is only a backslash"),
    ("expected node content|expected the node content", "a value is expected here"),
)


def parse(
    text: str,
    file: str,
    expected: str = "'server:' and 'sites:'",
    empty: str = ": deploy init writes an example",
    tags: Collection[str] = (),
) -> tuple[Node, list[Problem]]:
    """The tree of the text and the problems that did not hinder reading it; raises ConfigError.

    `expected` are keys that such a file has, `empty` is what to add when there is nothing in it; `tags`
    are those that it may have.
    """
    composer = Composer(text, file, empty, tags)
    try:
        root = composer.document()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([*composer.problems, translated(error, text, file)]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError([*composer.problems, Problem(file, 1, 1, NOT_YAML)]) from error
    if not isinstance(root.value, dict):
        message = f"expected keys such as {expected} at the beginning of lines"
        raise ConfigError([*composer.problems, Problem(file, root.line, root.column, message)])
    return root, composer.problems


def translated(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """PyYAML's complaint in plain words, where the mistake probably is."""
    said = str(error.problem)
    if error.context == "while scanning an alias" and error.context_mark:
        return Problem(file, error.context_mark.line + 1, error.context_mark.column + 1, STAR)
    message = next((plain for words, plain in PLAINLY if re.search(words, said)), NOT_YAML)
    mark = error.problem_mark or error.context_mark
    if "opened here" in message and error.context_mark:
        mark = error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if ("mapping values" in said or "expected ':'" in said) and (found := without_blank(text, line)):
        return Problem(file, *found)
    character = "".join(text.split("\n")[line : line + 1])[column : column + 1]
    if message == CHARACTER:
        message = TAB if character == "\t" else CHARACTER.format(character=f"'{character}'")
    return Problem(file, line + 1, column + 1, message)


def without_blank(text: str, line: int) -> tuple[int, int, str] | None:
    """Where the blank is missing after a `:`, in this line or the last before it that says something."""
    for number in range(min(line, text.count("\n")), -1, -1):
        found = text.split("\n")[number]
        if match := NO_BLANK.fullmatch(found.rstrip("\r")):
            return number + 1, match.end("key") + 2, f"a blank is missing after '{match['key']}:'"
        if number < line and found.strip() and not found.lstrip().startswith("#"):
            return None
    return None
