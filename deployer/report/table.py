"""Tables that fit where they are shown: a line for each row, or else each row as lines of its own."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
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
    widths = _widths(head, cells)
    if sum(widths) + GAP * (len(widths) - 1) <= out.width:
        out.print(_table(head, cells, widths))
        return
    for name, *facts in cells:
        out.print(name)
        for line in _lines(list(_facts(head[1:], facts)), out.width - INDENT):
            out.print(Text(" " * INDENT).append_text(line))


def _widths(head: Sequence[str], rows: Sequence[Sequence[Text]]) -> list[int]:
    columns = zip(head, *([cell.plain for cell in row] for row in rows), strict=True)
    return [max(map(cell_len, column)) for column in columns]


def _table(head: Sequence[str], rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> Text:
    """As rich's own tables look, in a tenth of their time: that shows with a thousand rows."""
    rule = Text("─" * (sum(widths) + GAP * (len(widths) - 1)))
    first = _line([Text(name, style="bold") for name in head], widths)
    return Text("\n").join([first, rule, *(_line(row, widths) for row in rows)])


def _line(row: Sequence[Text], widths: Sequence[int]) -> Text:
    line, gap = Text(), 0
    for cell, width in zip(row, widths, strict=True):
        line.append(" " * gap).append_text(cell)
        gap = width - cell_len(cell.plain) + GAP
    return line.append(" " * (gap - GAP))


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
