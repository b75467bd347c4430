import { parentPort } from "node:worker_threads";
import { present } from "../../../base/result.ts";
import { decodeHeader } from "../../../bitcoin/block.ts";
import { CHAINS } from "../../../bitcoin/params.ts";
import { NONCE_LIMIT, searchNonce } from "../../../chain/miner.ts";
import type { SearchAnswer, SearchRequest } from "./mining.ts";

/** The thread of `nonceSearch`: one search at a time, to its end. */
const port = present(parentPort, "this module runs as a worker");

port.on("message", ({ id, network, header: bytes }: SearchRequest) => {
  // What crossed the thread boundary may be a Buffer or a view; the codec wants bytes of its own.
  const header = decodeHeader(Uint8Array.from(bytes));
  const range = { from: 0, count: NONCE_LIMIT };
  const nonce = header.ok ? searchNonce(header.value, CHAINS[network], range) : undefined;
  port.postMessage({ id, nonce } satisfies SearchAnswer);
});
