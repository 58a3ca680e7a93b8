"""Tables that fit where they are shown: a line for each row, or else each row as lines of its own."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from deployer.report import harmless, out

Cell = str | Text
GAP = 3
INDENT = 2


def show_table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows under their head as wide as what shows them; nothing at all where there are none."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        return
    if _width(head, cells) <= out.width:
        out.print(_table(head, cells))
        return
    for name, *facts in cells:
        out.print(name)
        for line in _lines(list(_facts(head[1:], facts)), out.width - INDENT):
            out.print(Text(" " * INDENT).append_text(line))


def _width(head: Sequence[str], rows: Sequence[Sequence[Text]]) -> int:
    columns = zip(head, *([cell.plain for cell in row] for row in rows), strict=True)
    return sum(max(map(cell_len, column)) + GAP for column in columns) - GAP


def _table(head: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in head:
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _facts(head: Sequence[str], row: Sequence[Text]) -> Iterator[Text]:
    """What a row says, each with its column; nothing of what is not there."""
    for column, cell in zip(head, row, strict=True):
        if cell.plain != "–":
            yield Text(f"{column}: ").append_text(cell)


def _lines(facts: Sequence[Text], width: int) -> Iterator[Text]:
    """The facts in as few lines as they fit in; one that is too long has a line, which goes on as it must."""
    line = Text()
    for fact in facts:
        if line and cell_len(line.plain) + GAP + cell_len(fact.plain) > width:
            yield line
            line = Text()
        line = line.append(" " * GAP if line else "").append_text(fact)
    if line:
        yield line


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(harmless(cell))
