import type { Worker } from "node:worker_threads";
import { type BlockHeader, encodeHeader } from "../../../bitcoin/block.ts";
import type { NetworkName } from "../../../bitcoin/params.ts";
import { startThread } from "../../worker-thread.ts";

/** A search that one message asks of the worker. */
export interface SearchRequest {
  readonly id: number;
  readonly network: NetworkName;
  /** 80 bytes; the nonce in them does not matter. */
  readonly header: Uint8Array;
}
export interface SearchAnswer {
  readonly id: number;
  /** Undefined when no nonce at all gives the proof of work. */
  readonly nonce: number | undefined;
}

/** Searches nonces in a thread of its own, so that the node stays awake. */
export interface NonceSearch {
  /** Rejects once closed. */
  search(header: BlockHeader): Promise<number | undefined>;
  close(): Promise<void>;
}

export function nonceSearch(network: NetworkName): NonceSearch {
  const waiting = new Map<number, { resolve: (nonce: number | undefined) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let closed = false;
  let next = 0;
  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker = undefined;
  };
  const begin = (): Worker => {
    const started = startThread(import.meta.url, "mining-worker");
    started.on("message", ({ id, nonce }: SearchAnswer) => {
      // Nobody waits any more for what was found while the miner was being closed.
      waiting.get(id)?.resolve(nonce);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
    });
    started.on("error", fail);
    return started;
  };
  return {
    search: (header) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error("the miner is stopped"));
        worker ??= begin();
        worker.ref();
        const id = next++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, network, header: encodeHeader(header) } satisfies SearchRequest);
      }),
    close: async () => {
      closed = true;
      const ending = worker?.terminate();
      fail(new Error("the miner is stopped"));
      await ending;
    },
  };
}
