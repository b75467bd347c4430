/**
 * The open OP_IFs of a script, which acts only while all of them are true. Tapscripts may open two million, and to look
 * through them at each opcode would take hours. So no list is kept, only what must be known: how many there are, and which
 * is the first that is false. An OP_ELSE behind that one changes nothing, and an OP_IF behind it is never taken.
 */
export class Conditions {
  #depth = 0;
  /** Counted from the outermost, which is 0. */
  #firstFalse: number | undefined;

  get areAllTrue(): boolean {
    return this.#firstFalse === undefined;
  }
  get areNone(): boolean {
    return this.#depth === 0;
  }
  /** OP_IF. */
  open(value: boolean): void {
    if (!value) this.#firstFalse ??= this.#depth;
    this.#depth++;
  }
  /** OP_ELSE: turns the innermost. */
  turn(): void {
    const innermost = this.#depth - 1;
    if (this.#firstFalse === undefined) this.#firstFalse = innermost;
    else if (this.#firstFalse === innermost) this.#firstFalse = undefined;
  }
  /** OP_ENDIF. */
  close(): void {
    this.#depth--;
    if (this.#firstFalse === this.#depth) this.#firstFalse = undefined;
  }
}
