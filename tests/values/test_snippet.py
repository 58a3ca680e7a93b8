"""The check of hand-written NGINX lines, against a machine that reads as NGINX's own parser does."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest

from chance import chance
from deployer.values.snippet import nginx_snippet

GOOD = """\
# it's a comment with } and "
location /search { proxy_pass http://127.0.0.1:7700; }
location ~ "^/[a-f0-9]{8}$" {
    if ($http_cookie ~* "id=([^;]+)") { return 403; }
    set $a ${b}c; set $d 'it''s'; set $e "a \\" } b";
    add_header X-Text "}" always;
}
return 301 https://a.example.org${request_uri};"""


def test_what_people_write_is_accepted() -> None:
    good = GOOD.replace("'it''s'", '"it\'s"')
    assert nginx_snippet(good) == good
    assert nginx_snippet("") == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("}", "line 1 of the snippet: this '}' would close the server block"),
        ("a;\n} server {", "line 2 of the snippet: this '}' would close the server block"),
        ("location / {", "1 of its blocks is not closed with '}'"),
        ("a { b {", "2 of its blocks are not closed with '}'"),
        ("return 204", "the last directive does not end with ';'"),
        ("a { b }", "line 1 of the snippet: expected ';' before '}'"),
        ("a;;", "line 1 of the snippet: unexpected ';'"),
        ("a 'b;\n", "line 1 of the snippet: the quote ' is never closed"),
        ('a "b"c;', "line 1 of the snippet: expected a space or ';' after the closing quote"),
        ("a \\", "the last directive does not end with ';'"),
        ("a \x00;", "a snippet has no control characters other than line ends and tabs"),
        ("# a \u2028 }", "a snippet has no control characters other than line ends and tabs"),
        ("set $x ${{ a; }", "line 1 of the snippet: this '}' would close the server block"),
    ],
)
def test_what_would_leave_the_server_block_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        nginx_snippet(text)
    assert str(caught.value) == message


def stays_inside(text: str) -> bool:
    """Whether NGINX is between two directives of the server block at the end of the text.

    This follows ngx_conf_read_token of NGINX step by step, with its own names.
    """
    depth = words = 0
    last_space, need_space, comment, quoted, variable, quote = True, False, False, False, False, ""
    for letter in text + "\n":
        if comment or quoted:
            comment, quoted = comment and letter != "\n", False
            continue
        if need_space:
            if letter not in " \t\r\n;{)":
                return False
            need_space, last_space = False, True
        if last_space:
            if letter in " \t\r\n":
                continue
            if letter in ";{":
                if not words:
                    return False
                depth, words = depth + (letter == "{"), 0
            elif letter == "}":
                if words or not depth:
                    return False
                depth -= 1
            elif letter == "#":
                comment = True
            else:
                last_space, words = False, words + 1
                quoted, variable = letter == "\\", letter == "$"
                quote = letter if letter in "\"'" else ""
            continue
        if letter == "{" and variable:
            continue
        quoted, variable = letter == "\\", letter == "$"
        if quote:
            if letter == quote:
                quote, need_space = "", True
        elif letter in " \t\r\n;{":
            last_space = True
            if letter in ";{":
                depth, words = depth + (letter == "{"), 0
    return depth == 0 and words == 0 and last_space and not quote and not quoted


def texts(parts: Sequence[str], all_of: int, most: int, count: int) -> Iterator[str]:
    """All that so many parts make, and longer ones by chance."""
    for length in range(all_of + 1):
        yield from map("".join, product(parts, repeat=length))
    for _ in range(count):
        yield "".join(chance.choices(parts, k=chance.randint(all_of + 1, most)))


def test_it_accepts_nothing_that_leaves_the_server_block() -> None:
    known = ("a ${{ b; }", "a \\\n;", "a 'b');", "a # b\n;")
    for text in (*known, *texts("ab;{}\"'\\#$() \n", 3, 30, 6000)):
        try:
            nginx_snippet(text)
        except ValueError:
            continue
        assert stays_inside(text), text


def test_it_refuses_nothing_that_nginx_reads() -> None:
    parts = ("a", "'b }'", '"c;"', "${d}", "#e }\n", " ", ";", " {", "}", "\\;")
    for text in texts(parts, 4, 12, 9000):
        if stays_inside(text):
            nginx_snippet(text)


def test_the_machine_of_this_test_knows_inside_from_outside() -> None:
    assert stays_inside("a { b 'c }' ${{d}}; } # }")
    assert not stays_inside("a; }")
    assert not stays_inside("a ${{ b; }")
    assert not stays_inside("a {")
