"""What is printed for a letter that the encoding of the output does not have."""

import codecs
import io
import sys

MARKS = {
    "✓": "+",
    "✗": "x",
    "▸": ">",
    "–": "-",
    "…": "...",
    "→": "->",
    "·": "-",
    "�": "?",
    "│": "|",
    "─": "-",
}


def print_any_letter() -> None:
    """Let standard output and errors take any text, as far as their encoding goes."""
    codecs.register_error("marks", _instead)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="marks")


def _instead(error: UnicodeError) -> tuple[str, int]:
    """Another mark for one of ours; of other letters the number, as Python writes it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(MARKS.get(each) or ascii(each)[1:-1] for each in letters), error.end
