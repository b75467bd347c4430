import type { LdkNode } from "./node.ts";

/** What paying a list of invoices took. */
export interface LdkPaid {
  readonly ms: number;
  /** From asking to the preimage, by payment. */
  readonly latencies: readonly number[];
}

/** Up to `inFlight` payments under way at any moment, until all are paid. Rejects when one is not. */
export function payAll(
  node: LdkNode,
  invoices: readonly string[],
  inFlight: number,
  send: (node: LdkNode, invoice: string) => string,
): Promise<LdkPaid> {
  const { habits } = node.parts;
  const begun = new Map<string, number>();
  const latencies: number[] = [];
  const start = performance.now();
  let next = 0;
  return new Promise((resolve, reject) => {
    const begin = (): void => {
      const invoice = invoices[next++];
      if (invoice === undefined) return;
      begun.set(send(node, invoice), performance.now());
      node.soon();
    };
    habits.ended = (hash, isPaid) => {
      if (!isPaid) return reject(new Error("a payment failed"));
      latencies.push(performance.now() - (begun.get(hash) ?? Number.NaN));
      if (latencies.length === invoices.length) {
        habits.ended = undefined;
        return resolve({ ms: performance.now() - start, latencies });
      }
      // Not within the event that tells of the one before.
      setImmediate(begin);
    };
    for (let count = 0; count < inFlight; count++) begin();
  });
}
