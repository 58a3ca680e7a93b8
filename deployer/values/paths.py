"""What is said of a site by path: where a path leads, and headers. What is accepted cannot carry syntax."""

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator

from deployer.values.names import HOST, nginx_text
from deployer.values.quantities import shown
from deployer.values.types import SCALAR, schema, text

CODES = ("301", "302", "303", "307", "308")
ENDS = ("404", "410")
"""Codes of what leads nowhere."""
LETTERS = r"[A-Za-z0-9._~!&()+,=@-]|%[0-9A-Fa-f]{2}"
TARGET = rf"(https?://{HOST}(:[0-9]{{1,5}})?(?=[/?#]|$))?(/([:*/]|{LETTERS})*)?(\?([:*/?]|{LETTERS})*)?(#([:*/?]|{LETTERS})*)?"
PART = re.compile(r":([a-z][a-z0-9_]*)")
NOT_TWO_SLASHES = r"(?![/\x5c])"
"""What would lead to another host behind a slash."""
STEPS = 10
NOT_FREE = """
    connection content-encoding content-length content-range content-type date location server set-cookie
    trailer transfer-encoding upgrade
""".split()  # noqa: SIM905
"""Headers that NGINX sends as it is right."""


def pattern(text: str) -> str:
    """A path, where :name stands for a part of it and * at its end for all that follows."""
    *most, last = segments = text.split("/")[1:] or [""]
    parts = [segment for segment in segments if segment.startswith(":")]
    if not text.startswith("/") or {".", ".."} & set(segments) or "" in most or len(text) > 500:
        raise ValueError(f"{shown(text)} is not a path such as /about, /blog/* or /posts/:id")
    if any("*" in segment for segment in most) or ("*" in last and last != "*"):
        raise ValueError(f"{shown(text)}: a * stands for all that follows, behind the last slash")
    if len(parts) > len(set(parts)) or not all(map(PART.fullmatch, parts)) or ":splat" in parts:
        raise ValueError(
            f"{shown(text)}: parts of a path have names such as :id, each once, and none is :splat"
        )
    written = "/".join(
        segment if segment in parts else quote(segment, safe="%!&()+,=@~*") for segment in segments
    )
    if not re.fullmatch(rf"([:/*]|{LETTERS})*", written):
        raise ValueError(f"{shown(text)} has what stands in no path: write it with %, as browsers do")
    return f"/{written}"


def destination(text: str) -> str:
    """Where a path leads, with its code before it: from `/new`, `https://example.org 302`, or `410`."""
    target, _, code = text.strip().partition(" ")
    code = code.strip() or "301"
    if text.strip() in ENDS:
        return text.strip()
    if code not in CODES:
        raise ValueError(f"{shown(code)} is no code of a redirect: {', '.join(CODES)}, or 410 alone")
    target = quote(target, safe="/:?#%!&()*+,=@~")
    if (
        not re.fullmatch(TARGET, target, re.ASCII)
        or not target
        or target.startswith("//")
        or len(target) > 1000
    ):
        raise ValueError(
            f"{shown(text)} does not say where to: a path such as /new, or an address, and then a code"
        )
    return f"{code} {target}"


def leading(redirects: Mapping[str, str]) -> Mapping[str, str]:
    """Redirects that know the parts that they write, and lead round in no circle."""
    for source, target in redirects.items():
        known = {*source.split("/"), *([":splat"] if source.endswith("/*") else [])}
        if missing := [name for name in PART.findall(target) if f":{name}" not in known]:
            raise ValueError(f"{source}: there is no :{missing[0]} in it, which its target names")
    rules = [(re.compile(matching(source).replace("(?<", "(?P<")), to) for source, to in redirects.items()]
    for source in redirects:
        path, steps = source.replace("*", "x").replace(":", ""), 0
        while path and steps <= STEPS:
            path, steps = _step(rules, path), steps + 1
        if path:
            raise ValueError(f"{source} leads round in a circle")
    return redirects


def _step(rules: list[tuple[re.Pattern[str], str]], path: str) -> str:
    """Where a path leads within the site; nothing where it stays."""
    for rule, target in rules:
        if found := rule.match(path):
            where = re.split("[?#]", target.partition(" ")[2])[0]
            return (
                PART.sub(lambda name: found[f"deploy_part_{name[1]}"] or "", where)
                if where.startswith("/")
                else ""
            )
    return ""


def matching(source: str) -> str:
    """A path of these rules as a regular expression of what browsers ask for."""
    if source == "/":
        return "^/$"
    written = ""
    for segment in source.split("/")[1:]:
        if segment == "*":
            written += f"(?:/{NOT_TWO_SLASHES}(?<deploy_part_splat>.*))?"
        elif name := PART.fullmatch(segment):
            written += f"/{NOT_TWO_SLASHES}(?<deploy_part_{name[1]}>[^/]+)"
        else:
            written += "/" + _literal(segment) if segment else ""
    return f"^{written}$" if source.endswith("/*") else f"^{written}/?$"


def _literal(segment: str) -> str:
    """What is not ASCII has no letter case between %C3 and %c3."""
    parts = re.split("((?:%[0-9A-Fa-f]{2})+)", segment)
    return "".join(
        f"(?i:{part})" if part.startswith("%") else re.sub(r"([.+()*])", r"\\\1", part) for part in parts
    )


def header_name(text: str) -> str:
    """The name of a header that a site may choose."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not the name of a header, such as X-Frame-Options")
    if text.lower() == "strict-transport-security":
        raise ValueError("write hsts: instead of this header")
    if text.lower() in NOT_FREE:
        raise ValueError(f"{text} is not for sites to choose: NGINX sends its own")
    return text


def header_value(text: str) -> str:
    """The value of a header: one line of ASCII, without a $."""
    if not nginx_text(text).isascii() or not text.strip() or len(text) > 2000:
        raise ValueError(f"{shown(text)} is not the value of a header: a line of ASCII, at most 2000 letters")
    return text.strip()


def origin(text: str) -> str:
    """A site that may read ours in a browser: its scheme, host and port, or all with *."""
    if text != "*" and not re.fullmatch(rf"https?://{HOST}(:[0-9]{{1,5}})?", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not an origin such as https://app.example.org, or *")
    return text


def folder(text: str) -> str:
    """A folder that is called by a language: en, pt-br."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a language such as en or pt-br")
    return text


def inner_folder(text: str) -> str:
    """A folder of a site that shows another one."""
    parts = text.removesuffix("/").split("/")
    if not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,99}){1,9}/?", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not the path of a folder, such as /docs")
    return "/".join(parts)


InnerFolder = Annotated[str, text(inner_folder), schema("string", pattern="^/[^?#]+$")]
Folder = Annotated[str, text(folder), schema("string", pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]+)?$")]
PathPattern = Annotated[str, text(pattern), schema("string", pattern="^/")]
Destination = Annotated[str, text(destination), schema(SCALAR, pattern="^(https?://|/|404|410)")]
Redirects = Annotated[dict[PathPattern, Destination], AfterValidator(leading)]
HeaderName = Annotated[str, text(header_name), schema("string", pattern="^[A-Za-z][A-Za-z0-9-]*$")]
HeaderValue = Annotated[str, text(header_value), schema([*SCALAR, "boolean"])]
Headers = dict[PathPattern, dict[HeaderName, HeaderValue]]
Origin = Annotated[str, text(origin), schema("string", pattern=r"^(https?://|\*$)")]
