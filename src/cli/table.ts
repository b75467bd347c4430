import { shown } from "./terminal.ts";

/** A column of a table for people: what stands above it and what a row shows in it. */
export type Column<T> = readonly [heading: string, text: (row: T) => Cell, align?: "right"];
export type Cell = string | number | boolean | null;

/** Blanks between columns. */
const GAP = 2;

const textOf = (cell: Cell): string =>
  cell === null ? "–" : cell === true ? "yes" : cell === false ? "no" : shown(String(cell));

/**
 * Columns two blanks apart; `none` in words when there is no row. Where that is wider than `width` every row is shown as a
 * thing by itself: lines that a terminal breaks are no table any more.
 */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], width = Number.POSITIVE_INFINITY): string {
  if (rows.length === 0) return "none\n";
  const lines = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, text]) => textOf(text(row)))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  if (widths.reduce((sum, own) => sum + own + GAP, -GAP) > width)
    return rows.map((row) => record(Object.fromEntries(columns.map(([name, text]) => [name, text(row)])))).join("\n");
  return lines
    .map(
      (line) =>
        `${line
          .map((text, at) => aligned(text, widths[at] ?? 0, columns[at]?.[2]))
          .join(" ".repeat(GAP))
          .trimEnd()}\n`,
    )
    .join("");
}
const aligned = (text: string, width: number, align: "right" | undefined): string =>
  align === "right" ? text.padStart(width) : text.padEnd(width);

/** One thing: a line for each of its fields. */
export function record(fields: Readonly<Record<string, Cell>>): string {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields)
    .map(([name, cell]) => `${name.padEnd(width)}  ${textOf(cell)}\n`)
    .join("");
}

/** The beginning of a long id: enough to name it in the next command. */
export const short = (id: string): string => (id.length > SHORT_LETTERS ? `${id.slice(0, SHORT_LETTERS)}…` : id);
const SHORT_LETTERS = 15;
/** `2026-01-02T03:04:05.678Z` without what does not interest. */
export const when = (time: string | null): string | null =>
  time === null ? null : time.slice(0, 19).replace("T", " ");
