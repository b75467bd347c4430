import { parentPort } from "node:worker_threads";
import { present } from "../../../base/result.ts";
import { faultOfInputs, type ScriptFault } from "../../../chain/scripts.ts";
import { type BatchAnswer, type BatchRequest, readBatch } from "./script-batch.ts";

/** A thread of `ScriptThreads`: one batch after the other, each to its first fault. */
const port = present(parentPort, "this module runs as a worker");

function faultOf(bytes: Uint8Array): ScriptFault | undefined {
  const { flags, ranges } = readBatch(bytes);
  for (const { from, end, ...check } of ranges) {
    const fault = faultOfInputs(check, flags, from, end);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

port.on("message", ({ id, bytes }: BatchRequest) => {
  port.postMessage({ id, fault: faultOf(bytes) } satisfies BatchAnswer);
});
