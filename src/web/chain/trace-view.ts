import { drawn } from "../dom.ts";
import { amountFrom, columnsOf, kindOf, parentsOf, type Trace, type TracedTx } from "./trace.ts";
import { grouped, short } from "./words.ts";

const WIDE = 156;
const HIGH = 40;
const STEP_X = 208;
const STEP_Y = 52;
const MARGIN = 3;

/** The way of coins back to where they were mined: the transaction at the right, what it spends to the left of it. */
export function drawnTrace(trace: Trace): SVGElement {
  const columns = columnsOf(trace);
  const rows = Math.max(...columns.map((column) => column.length));
  const [width, height] = [
    (columns.length - 1) * STEP_X + WIDE + 2 * MARGIN,
    rows * STEP_Y - (STEP_Y - HIGH) + 2 * MARGIN,
  ];
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  for (const [depth, column] of columns.entries()) {
    const top = ((rows - column.length) * STEP_Y) / 2;
    for (const [row, { txid }] of column.entries()) {
      places.set(txid, { x: MARGIN + (columns.length - 1 - depth) * STEP_X, y: MARGIN + top + row * STEP_Y });
    }
  }
  const joins = [...trace.values()].flatMap(({ tx, txid }) =>
    tx ? parentsOf(tx).map((parent) => joined(places, parent, txid, amountFrom(tx, parent))) : [],
  );
  const boxes = [...trace.values()].map((traced) => drawnTx(traced, places.get(traced.txid) ?? NOWHERE));
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  const label = `${trace.size} transactions on the way back to newly mined coins`;
  return drawn("svg", { ...size, class: "trace", role: "group", "aria-label": label }, ...joins, ...boxes);
}
const NOWHERE = { x: 0, y: 0 };

function joined(
  places: ReadonlyMap<string, { readonly x: number; readonly y: number }>,
  parent: string,
  child: string,
  amount: bigint,
): SVGElement {
  const [from, to] = [places.get(parent) ?? NOWHERE, places.get(child) ?? NOWHERE];
  const [x1, y1, x2, y2] = [from.x + WIDE, from.y + HIGH / 2, to.x, to.y + HIGH / 2];
  const half = (x1 + x2) / 2;
  return drawn(
    "path",
    { class: "join", d: `M${x1} ${y1}C${half} ${y1} ${half} ${y2} ${x2} ${y2}` },
    drawn("title", {}, `${grouped(amount)} sat`),
  );
}

function drawnTx(traced: TracedTx, { x, y }: { readonly x: number; readonly y: number }): SVGElement {
  const kind = kindOf(traced);
  const label = `${wordsOf(traced)}: ${traced.txid}`;
  return drawn(
    "a",
    { class: `traced ${kind}`, href: `#tx/${traced.txid}`, "aria-label": label },
    drawn("title", {}, label),
    drawn("rect", { x, y, width: WIDE, height: HIGH, rx: 6 }),
    drawn("text", { x: x + 8, y: y + 17, class: "traced-id" }, short(traced.txid)),
    drawn("text", { x: x + 8, y: y + 32, class: "traced-note" }, wordsOf(traced)),
  );
}
function wordsOf(traced: TracedTx): string {
  const place = traced.tx?.block === null ? "waiting" : `block ${grouped(traced.tx?.block?.height ?? 0)}`;
  switch (kindOf(traced)) {
    case "mined":
      return `mined in ${place}`;
    case "spends":
      return place;
    case "unknown":
      return "not known here";
    case "further":
      return "further back";
  }
}
