import type { Turn, Turns } from "../turn.ts";

/**
 * Work that comes in crowds: so much of it on one turn of the loop, the rest in order on the following ones. Between them
 * the node hears its peers, who are busy with the first portion while it is at the next.
 */
export class Portions<T> {
  readonly #turns: Turns;
  readonly #size: number;
  readonly #work: (turn: Turn, item: T) => void;
  readonly #waiting: T[] = [];
  #done = 0;

  constructor(turns: Turns, size: number, work: (turn: Turn, item: T) => void) {
    this.#turns = turns;
    this.#size = size;
    this.#work = work;
  }

  /** At once, behind what the turn has asked for, if this turn of the loop has had less than a portion. */
  add(turn: Turn, item: T): void {
    if (this.#waiting.length > 0 || this.#done >= this.#size) {
      this.#waiting.push(item);
      return;
    }
    if (this.#done === 0) this.#turns.soon((later) => this.#portion(later));
    this.#done++;
    turn.next((later) => this.#work(later, item));
  }
  #portion(turn: Turn): void {
    const portion = this.#waiting.splice(0, this.#size);
    this.#done = portion.length;
    if (portion.length > 0) this.#turns.soon((later) => this.#portion(later));
    for (const item of portion) turn.next((later) => this.#work(later, item));
  }
}
