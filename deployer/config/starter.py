"""The sites.yaml to begin with: of a server that is known, with what it has already."""

from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).with_name("starter.yaml")
PLACE = "sites:\n"


def starter(
    host: str = "",
    user: str = "root",
    port: int = 22,
    key: str = "",
    host_key: str = "",
    found: Iterable[str] = (),
) -> str:
    """The text; `found` are lines of entries that are proposed, as comments."""
    text = HERE.read_text("utf-8")
    if not host:
        return text
    start, end = text.index("server:\n"), text.index("# email:")
    lines = ["server:", f"  host: {host}", f"  user: {user}"]
    lines += [f"  port: {port}"] if port != 22 else []
    lines += [f"  key: {key}"] if key else []
    lines += [f"  host_key: {host_key}"]
    text = text[:start] + "\n".join(lines) + "\n\n" + text[end:]
    proposals = [f"  # {line}".rstrip() for line in found]
    if proposals:
        head = (
            f"  # {host} has these already; what stands here without # is taken over (deploy docs moving-in):"
        )
        text = text.replace(PLACE, PLACE + "\n".join([head, *proposals]) + "\n\n", 1)
    return text
