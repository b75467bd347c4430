import type { Screen } from "./terminal.ts";

const CLEAR_LINE = "\r\u001b[K";

/** The last line of a terminal, drawn anew in its place; what else is written there comes above it. */
export class StatusLine {
  readonly #out: Screen;
  #drawn = "";

  constructor(out: Screen) {
    this.#out = out;
  }
  /** @param text  one line, without its end; cut where the terminal ends */
  draw(text: string): void {
    // A full line would wrap, and what has wrapped cannot be cleared.
    this.#drawn = text.slice(0, Math.max(1, this.#out.columns - 1));
    this.#out.write(`${CLEAR_LINE}${this.#drawn}`);
  }
  /** Whole lines of somebody else. */
  write(lines: string): void {
    if (this.#drawn === "") return this.#out.write(lines);
    this.#out.write(`${CLEAR_LINE}${lines}${this.#drawn}`);
  }
  /** Leaves the line as it stands, and the cursor below it. */
  end(): void {
    if (this.#drawn !== "") this.#out.write("\n");
    this.#drawn = "";
  }
}
