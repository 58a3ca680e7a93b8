"""What hand-written NGINX lines get beside those that are rendered: what their author expects, or a word."""

import pytest

from deployer.values.directives import keeping_headers, settings, site_lines

FILES = ("/etc/nginx/deploy/headers.conf", "/etc/nginx/deploy/caching.conf")
HEADERS, CACHING = (f"include {file};" for file in FILES)


@pytest.mark.parametrize(
    ("written", "rendered"),
    [
        (
            "location /fonts/ {\n    add_header A b;\n    expires 1d;\n}",
            f"location /fonts/ {{\n    add_header A b;\n    {HEADERS}\n    {CACHING}\n    expires 1d;\n}}",
        ),
        (
            'location /a { add_header A "b ; }"; add_header C d; } # add_header',
            f'location /a {{ add_header A "b ; }}"; add_header C d; {HEADERS} {CACHING} }} # add_header',
        ),
        (
            "location /a {\n  add_header A b; # why\n  if ($b) { add_header C d; }\n}",
            f"location /a {{\n  add_header A b; {HEADERS} {CACHING} # why\n"
            f"  if ($b) {{ add_header C d; {HEADERS} {CACHING} }}\n}}",
        ),
        (
            f"location /a {{ {HEADERS} add_header A b; }}",
            f"location /a {{ {HEADERS} add_header A b; {CACHING} }}",
        ),
        (f"location /a {{ {HEADERS} {CACHING} add_header A b; }}", ""),
        ("add_header A b;\nlocation /a { expires 1d; }", ""),
        ("", ""),
    ],
)
def test_a_location_with_a_header_of_its_own_keeps_the_others(written: str, rendered: str) -> None:
    assert keeping_headers(written, FILES) == (rendered or written)
    assert keeping_headers(rendered or written, FILES) == (rendered or written)


def test_what_holds_for_the_whole_site() -> None:
    assert settings("charset x; # gzip on;\nlocation /a { gzip off; }") == {"charset", "location"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("try_files $uri $uri/ /index.html;", "fallback: index.html"),
        (
            "add_header A b;\nlocation / { try_files $uri /index.html; }",
            "line 2 of the snippet: the site has its own",
        ),
        ("autoindex on;", "such as location /files/ { autoindex on; }"),
        ("add_header A b;\nindex home.html;", "line 2 of the snippet: outside of a location, index has no"),
        ("a {", "1 of its blocks is not closed"),
    ],
)
def test_what_would_have_no_effect_is_refused_with_what_has(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        site_lines(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "location /app/ { try_files $uri /app/index.html; }",
        "location = / { return 302 /en/; }",
        "location /files/ { autoindex on; index home.html; }",
        "index index.html index.htm; autoindex off;",  # says what is so
    ],
)
def test_locations_of_its_own_are_let_in(text: str) -> None:
    assert site_lines(text) == text
