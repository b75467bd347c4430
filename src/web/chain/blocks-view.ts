import { drawn, element } from "../dom.ts";
import type { KnownBlock } from "./answers.ts";
import { type LanedBlock, laned } from "./lanes.ts";
import { ageText } from "./words.ts";

const WIDE = 74;
const HIGH = 46;
const STEP_X = 90;
const STEP_Y = 62;
const MARGIN = 3;

/** Draws blocks from left to right by height, each joined to the one it stands on. `chosen` is marked. */
export function drawBlocks(blocks: readonly KnownBlock[], chosen: string | undefined, now: number): void {
  const canvas = element("blocks", SVGSVGElement);
  const placed = laned(blocks);
  const lowest = Math.min(...placed.map(({ height }) => height));
  const columns = Math.max(...placed.map(({ height }) => height)) - lowest + 1;
  const lanes = Math.max(...placed.map(({ lane }) => lane)) + 1;
  const [width, height] = [columns * STEP_X + MARGIN, (lanes - 1) * STEP_Y + HIGH + 2 * MARGIN];
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
    canvas.setAttribute(name, String(value));
  }
  const at = ({ height, lane }: LanedBlock): { readonly x: number; readonly y: number } => ({
    x: MARGIN + (height - lowest) * STEP_X + (STEP_X - WIDE),
    y: MARGIN + lane * STEP_Y,
  });
  const byHash = new Map(placed.map((block) => [block.hash, block]));
  const joins = placed.flatMap((block) => {
    const parent = byHash.get(block.previous);
    const { x, y } = at(block);
    if (parent !== undefined) return [joined(x, y, at(parent).x + WIDE, at(parent).y)];
    return block.height === 0 ? [] : [joined(x, y, x - (STEP_X - WIDE), y)];
  });
  canvas.replaceChildren(...joins, ...placed.map((block) => drawnBlock(block, at(block), block.hash === chosen, now)));
}

function joined(x: number, y: number, parentX: number, parentY: number): SVGElement {
  const [from, to] = [y + HIGH / 2, parentY + HIGH / 2];
  const half = (x + parentX) / 2;
  return drawn("path", { class: "join", d: `M${x} ${from}C${half} ${from} ${half} ${to} ${parentX} ${to}` });
}

const STATES: Readonly<Record<KnownBlock["state"], string>> = {
  best: "in the best chain",
  held: "of a branch",
  header: "header only",
  invalid: "invalid",
};
function drawnBlock(
  { hash, height, time, state }: LanedBlock,
  { x, y }: { readonly x: number; readonly y: number },
  isChosen: boolean,
  now: number,
): SVGElement {
  const label = `Block ${height}, ${STATES[state]}, ${hash}`;
  return drawn(
    "a",
    {
      class: `block ${state}`,
      href: `#block/${hash}`,
      "aria-label": label,
      ...(isChosen && { "aria-current": "true" }),
    },
    drawn("title", {}, label),
    drawn("rect", { x, y, width: WIDE, height: HIGH, rx: 6 }),
    drawn("text", { x: x + WIDE / 2, y: y + 19, class: "block-height" }, height.toLocaleString("en")),
    drawn("text", { x: x + WIDE / 2, y: y + 35, class: "block-age" }, ageText(Date.parse(time), now)),
  );
}
