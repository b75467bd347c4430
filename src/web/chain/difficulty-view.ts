import { drawn, element, write } from "../dom.ts";
import type { Difficulty } from "./answers.ts";
import { curveOf } from "./difficulty.ts";
import { hashesText, whenText } from "./words.ts";

const WIDE = 1000;
const HIGH = 160;
const MARGIN = 8;

/** Draws how many hashes a block took, from the first block to `until`. */
export function drawDifficulty(steps: readonly Difficulty[], until: string): void {
  const curve = curveOf(steps, Date.parse(until));
  const [first] = steps;
  if (curve === undefined || first === undefined) return;
  const place = ({ x, y }: { readonly x: number; readonly y: number }): string =>
    `${(x * WIDE).toFixed(1)} ${(HIGH - MARGIN - y * (HIGH - 2 * MARGIN)).toFixed(1)}`;
  const way = curve.points.map(place).join("L");
  const canvas = element("difficulty", SVGSVGElement);
  canvas.replaceChildren(
    drawn("path", { class: "under", d: `M0 ${HIGH}L${way}L${WIDE} ${HIGH}Z` }),
    drawn("path", { class: "curve", d: `M${way}` }),
  );
  const same = curve.least === curve.most;
  const note = same
    ? `${hashesText(curve.most)} hashes a block, the same at all times`
    : `${hashesText(curve.least)} to ${hashesText(curve.most)} hashes a block, on a scale of powers`;
  canvas.setAttribute("aria-label", `Difficulty over time: ${note}`);
  write("difficulty-note", note);
  write("difficulty-first", whenText(first.time));
  write("difficulty-last", whenText(until));
}
