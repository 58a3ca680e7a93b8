"""The check of a hand-written NGINX snippet: read as NGINX reads it, it stays inside its server block."""

from collections.abc import Iterator

from deployer.values.names import CONTROL

SPACE = " \t\r\n"
MARKS = {";": 0, "{": 1, "}": -1}
"""What ends a directive, or opens or closes a block: by how much each goes deeper."""


def nginx_snippet(text: str) -> str:
    """Directives and blocks that are complete; raises ValueError with the line in the snippet."""
    if CONTROL.search(text):
        raise ValueError("a snippet has no control characters other than line ends and tabs")
    depth, open_directive = 0, False
    for token, start in tokens(text):
        if token not in MARKS:
            open_directive = True
            continue
        if token == "}" and open_directive:
            raise ValueError(f"{line_of(text, start)}: expected ';' before '}}'")
        if token != "}" and not open_directive:
            raise ValueError(f"{line_of(text, start)}: unexpected '{token}'")
        depth, open_directive = depth + MARKS[token], False
        if depth < 0:
            raise ValueError(f"{line_of(text, start)}: this '}}' would close the server block")
    if open_directive:
        raise ValueError("the last directive does not end with ';'")
    if depth:
        raise ValueError(f"{depth} of its blocks {'is' if depth == 1 else 'are'} not closed with '}}'")
    return text


def tokens(text: str) -> Iterator[tuple[str, int]]:
    """Each word and each of the MARKS, and where it begins; ValueError when a quote is never closed."""
    position = 0
    while position < len(text):
        start = position
        if text[start] in SPACE:
            position += 1
        elif text[start] == "#":
            position = end_of(text, start, "\n")
        else:
            position = start + 1 if text[start] in MARKS else end_of_word(text, start)
            yield text[start:position], start


def end_of_word(text: str, start: int) -> int:
    """Where the word that starts here ends; a quote counts only at a word's start, as in NGINX."""
    if text[start] in "\"'":
        end = end_of(text, start + 1, text[start])
        if end > len(text) - 1:
            raise ValueError(f"{line_of(text, start)}: the quote {text[start]} is never closed")
        if text[end + 1 : end + 2] not in (*SPACE, ";", "{", ")", ""):
            raise ValueError(f"{line_of(text, end)}: expected a space or ';' after the closing quote")
        return end + 1
    position, variable = start, False
    while position < len(text):
        if not (text[position] == "{" and variable):  # any number of braces after a $ belong to the word
            if text[position] in SPACE + ";{":
                break
            variable = text[position] == "$"
        position += 2 if text[position] == "\\" else 1
    return min(position, len(text))


def end_of(text: str, start: int, mark: str) -> int:
    """The position of the mark, or the end of the text; a backslash escapes, except in a comment."""
    position = start
    while position < len(text) and text[position] != mark:
        position += 2 if text[position] == "\\" and mark != "\n" else 1
    return position


def line_of(text: str, position: int) -> str:
    """Which line of the snippet a position is on, for a message."""
    return f"line {text.count(chr(10), 0, position) + 1} of the snippet"
