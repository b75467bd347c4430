import type { Clock } from "../../ports/world.ts";

/** Policy, not protocol: between two pieces, and as long again as the first took: peers' questions take half of the time at most. */
const PIECE_MS = 10;

/** Turns for all that peers are sent of the graph, one after the other: together they ask for more than there is time for. */
export class Pace {
  readonly #clock: Clock;
  readonly #waiting: (() => boolean)[] = [];
  #isDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  /** Called once, when it is its turn. One that could do nothing answers false, and the next has its turn at once. */
  next(task: () => boolean): void {
    this.#waiting.push(task);
    if (!this.#isDue) this.#later(PIECE_MS);
  }
  #later(delayMs: number): void {
    this.#isDue = true;
    this.#clock.after(delayMs, () => {
      const began = this.#clock.now();
      for (let left = this.#waiting.length; left > 0; left--) if (this.#waiting.shift()?.()) break;
      // What lined up meanwhile is among those that wait.
      this.#isDue = false;
      if (this.#waiting.length > 0) this.#later(PIECE_MS + this.#clock.now() - began);
    });
  }
}
