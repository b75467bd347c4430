/** So many are answered in one turn of the loop; then it is for everything else that the node does. */
const PER_TURN_MAX = 16;

/**
 * Requests of many who need no leave to ask, in the order in which they are answered: one of each in turn, so that who asks
 * most waits longest, and few at a time, so that they do not take all of the node's time.
 */
export class FairLine {
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #later: (task: () => void) => void;
  #isDue = false;

  constructor(later: (task: () => void) => void = setImmediate) {
    this.#later = later;
  }
  add(who: string, task: () => void): void {
    const tasks = this.#waiting.get(who);
    if (tasks === undefined) this.#waiting.set(who, [task]);
    else tasks.push(task);
    this.#comeAgain();
  }
  /** Nothing of theirs is answered any more. */
  leave(who: string): void {
    this.#waiting.delete(who);
  }
  #comeAgain(): void {
    if (this.#isDue || this.#waiting.size === 0) return;
    this.#isDue = true;
    this.#later(() => {
      this.#isDue = false;
      for (let answered = 0; answered < PER_TURN_MAX; answered++) this.#answerFirst();
      this.#comeAgain();
    });
  }
  #answerFirst(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [who, tasks] = first;
    this.#waiting.delete(who);
    const task = tasks.shift();
    if (tasks.length > 0) this.#waiting.set(who, tasks);
    task?.();
  }
}
