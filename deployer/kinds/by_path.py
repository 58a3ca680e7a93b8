"""What a site says by path, as maps of NGINX: where a path leads, and headers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deployer.values.names import variable_name
from deployer.values.paths import ENDS, NOT_TWO_SLASHES, PART, matching

if TYPE_CHECKING:
    from deployer.kinds.base import Site

FILES = {
    "(?:/.*)?$": r"(?:\.html|/.*)?",
    "/?$": r"(?:\.html|/(?:index\.html)?)?",
    "/$": r"/(?:index\.html)?",
}
"""How a path may end, and what its file has there besides."""
COPIES = r"(?:\.(?:gz|br|webp|avif))?$"


@dataclass(frozen=True, slots=True)
class PathMap:
    """A variable of NGINX with what it is for what, of which the first counts that fits, and for the rest."""

    variable: str
    rows: tuple[tuple[str, str], ...]
    rest: str = ""
    name: str = ""


def redirects_of(domain: str, redirects: Mapping[str, str]) -> PathMap:
    """Where paths lead, each as a code and a target."""
    rows = ((f"~{matching(source)}", leads_to(target)) for source, target in redirects.items())
    return PathMap(f"deploy_leads_{variable_name(domain)}", tuple(rows))


def leads_to(target: str) -> str:
    """A code and a target for NGINX: the visitor's query goes along, where it has none of its own."""
    if target in ENDS:
        return target
    where, mark, fragment = target.partition("#")
    query = "" if "?" in where else "$is_args$args"
    return PART.sub(r"${deploy_part_\1}", where) + query + mark + fragment


def headers_of(domain: str, headers: Mapping[str, Mapping[str, str]]) -> list[PathMap]:
    """A map for each header: of two paths that fit, the longer one before its first * or : counts."""
    named: dict[str, tuple[str, dict[str, str]]] = {}
    for source, each in headers.items():
        for name, value in each.items():
            named.setdefault(name.lower(), (name, {}))[1][source] = value
    return [
        PathMap(
            f"deploy_header_{number}_{variable_name(domain)}",
            tuple(
                (f"~{below(source)}", values[source])
                for source in sorted(values, key=closeness)
                if source != "/*"
            ),
            values.get("/*", ""),
            name,
        )
        for number, (name, values) in enumerate(named.values(), 1)
    ]


def below(source: str) -> str:
    """A path of these rules as a regular expression that nothing is taken out of."""
    return re.sub(r"\(\?<deploy_part_[a-z0-9_]+>(.*?)\)", r"\1", matching(source)).replace(
        NOT_TWO_SLASHES, ""
    )


def closeness(source: str) -> tuple[int, bool]:
    """What is sorted first is closest to a path."""
    fixed = len(source.partition("*")[0].partition(":")[0])
    return -fixed, source.endswith("*")


def cors_of(domain: str, origins: Sequence[str]) -> PathMap:
    """Who may read it: all, or the one that asks, if it is among them."""
    variable = f"deploy_cors_{variable_name(domain)}"
    if "*" in origins:
        return PathMap(variable, (), "*")
    return PathMap(variable, tuple((each, "$http_origin") for each in origins))


def private_of(domain: str, paths: Sequence[str], what: str = "private") -> PathMap:
    """Where visitors are asked for a password: everywhere, or below these paths."""
    variable = f"deploy_{what}_{variable_name(domain)}"
    if not paths:
        return PathMap(variable, (), domain)
    return PathMap(variable, tuple((f"~{with_its_file(path)}", domain) for path in paths), "off")


def with_its_file(path: str) -> str:
    """A path as a regular expression that also has the file which answers there, and its smaller copies."""
    whole = below(re.sub(r"(?<=/)index\.html$|\.html$", "", path))
    for end, file in FILES.items():
        if whole.endswith(end):
            return whole.removesuffix(end) + file + COPIES
    return whole


def values(site: "Site", domain: str) -> dict[str, Any]:
    """The maps, and the headers of all answers with their values."""
    headers = headers_of(domain, site.headers)
    cors = cors_of(domain, site.cors) if site.cors else None
    added = [(header.name, f"${header.variable}") for header in headers]
    if site.robots == "none":
        added.append(("X-Robots-Tag", '"noindex, nofollow"'))
    if cors:
        added += [
            ("Access-Control-Allow-Origin", f"${cors.variable}"),
            ("Access-Control-Allow-Methods", "$deploy_preflight_method"),
            ("Access-Control-Allow-Headers", "$deploy_preflight_headers"),
            ("Vary", "Origin"),
        ]
    redirects = redirects_of(domain, site.redirects) if site.redirects else None
    of_previews = getattr(getattr(site, "previews", None), "auth", None)
    return {
        "redirects": redirects,
        "headers": headers,
        "cors": cors,
        "private": private_of(domain, site.auth.paths) if site.auth else None,
        "previewed": private_of(domain, of_previews.paths, "previewed") if of_previews else None,
        "added": added,
    }
