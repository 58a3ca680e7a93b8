"""The check of hand-written NGINX lines, against a machine that reads as NGINX's own parser does."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deployer.config.snippet import nginx_snippet

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


@given(st.text(alphabet="ab;{}\"'\\#$() \n", max_size=30))
@settings(max_examples=3000)
@example("a ${{ b; }")
@example("a \\\n;")
@example("a 'b');")
@example("a # b\n;")
def test_it_accepts_nothing_that_leaves_the_server_block(text: str) -> None:
    try:
        nginx_snippet(text)
    except ValueError:
        return
    assert stays_inside(text), text


@given(
    st.lists(
        st.sampled_from(["a", "'b }'", '"c;"', "${d}", "#e }\n", " ", ";", " {", "}", "\\;"]), max_size=12
    )
)
@settings(max_examples=3000)
def test_it_refuses_nothing_that_nginx_reads(parts: list[str]) -> None:
    text = "".join(parts)
    if stays_inside(text):
        nginx_snippet(text)


def test_the_machine_of_this_test_knows_inside_from_outside() -> None:
    assert stays_inside("a { b 'c }' ${{d}}; } # }")
    assert not stays_inside("a; }")
    assert not stays_inside("a ${{ b; }")
    assert not stays_inside("a {")
