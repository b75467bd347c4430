import type { ChildProcess } from "node:child_process";

export type Ask = <T>(name: string, given?: object) => Promise<T>;
interface Answer {
  /** What is told unasked has none. */
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
}
/** Questions to a stranger in a process of its own, who answers each by its number. */
export function asker(child: ChildProcess, who: string): Ask {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  child.on("message", ({ id, value, error }: Answer) => {
    if (id === undefined) return;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(value as never);
    else asked?.reject(new Error(`${who}: ${error}`));
  });
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${who} ended with ${code}`));
  });
  let next = 0;
  return (name, given = {}) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      child.send({ id, name, given }, (error) => error && reject(error));
    });
}
