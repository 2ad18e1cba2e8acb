/** A table for people: columns aligned, one line a row, no trailing blanks; an empty cell is "-". */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const filled = rows.map((row) => row.map((cell) => (cell === "" ? "-" : cell)));
  const widths = header.map((title, column) => Math.max(title.length, ...filled.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd();
  return [header, ...filled].map(line).join("\n");
}
