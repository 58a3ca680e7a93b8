"""Tools of a build that are installed side by side, and where their makers publish them."""

import re
from typing import Annotated

from deployer.values.quantities import shown
from deployer.values.types import SCALAR, schema, text

TOOLS = {
    "node": "https://nodejs.org/dist",
    "go": "https://go.dev/dl",
    "python": "https://github.com/astral-sh/python-build-standalone/releases/latest/download",
    "dart-sass": "https://github.com/sass/dart-sass/releases/download",
    "zola": "https://github.com/getzola/zola/releases/download",
}
"""What the server's push knows how to install, by the address below which its maker has every version."""
PROVED = ("node", "go", "python")
"""Those whose makers publish digests: the others want theirs in sites.yaml."""
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}(@sha256:[0-9a-f]{64})?")
OPEN = re.compile(r"http://(?!(127\.0\.0\.1|localhost)[:/])")
"""Where whoever is on the way can put another archive, with its digest; to the server itself nobody is."""
PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]{1,100}")


def tool_name(value: str) -> str:
    """One that is known."""
    if value not in TOOLS:
        raise ValueError(
            f"{shown(value)} is no tool that is known here: {', '.join(TOOLS)}; Debian's are build_packages"
        )
    return value


def tool_version(value: str) -> str:
    """A version of one to three numbers, and after @sha256: the digest of its archive."""
    if not VERSION.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a version such as 22, 1.26 or 1.90.0@sha256:DIGEST")
    return value


def package_name(value: str) -> str:
    """A package of the distribution."""
    if not PACKAGE.fullmatch(value):
        raise ValueError(f"{shown(value)} is not the name of a package")
    return value


ToolName = Annotated[str, text(tool_name), schema("string", enum=sorted(TOOLS))]
ToolVersion = Annotated[str, text(tool_version), schema(SCALAR)]
PackageName = Annotated[str, text(package_name), schema("string", pattern="^[a-z0-9][a-z0-9+.-]+$")]


def tools_of(tools: dict[str, str], places: dict[str, str]) -> tuple[tuple[str, str, str, str], ...]:
    """Name, version, address and digest of each; the last is empty where its maker is asked for it."""
    found = []
    for name, written in tools.items():
        version, _, digest = written.partition("@sha256:")
        found.append((name, version, places.get(name, TOOLS[name]).rstrip("/"), digest))
    return tuple(found)


def why_no_tools(tools: dict[str, str], places: dict[str, str]) -> str:
    """What is wrong with the two together; empty when nothing is."""
    for name, written in tools.items():
        if name not in PROVED and ("@" not in written or written.count(".") != 2):
            return (
                f"{name} has no list of digests: write all of its version and the SHA-256 of its archive, "
                f"{name}: 1.90.0@sha256:DIGEST"
            )
        if OPEN.match(places.get(name, "")) and "@" not in written:
            return (
                f"{name} would come by http://, its list of digests too, which proves nothing: name an "
                f"https:// address, or write the SHA-256 of its archive, {name}: {written}@sha256:DIGEST"
            )
    if unused := [name for name in places if name not in tools]:
        return f"tools_from says where {unused[0]} is, and `tools:` has none"
    return ""
