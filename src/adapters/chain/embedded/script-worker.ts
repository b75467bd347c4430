import { parentPort } from "node:worker_threads";
import { present } from "../../../base/result.ts";
import { faultOfInputs, type ScriptFault } from "../../../chain/scripts.ts";
import {
  type BatchAnswer,
  type BatchRequest,
  flagsOf,
  type PackedScripts,
  ScriptTurns,
  takeNoMore,
} from "./script-batch.ts";

/** A thread of `ScriptThreads`: takes turns at the scripts of one block with the others, until there are none or one has a fault. */
const port = present(parentPort, "this module runs as a worker");

function faultOf(scripts: PackedScripts): ScriptFault | undefined {
  const flags = flagsOf(scripts.flags);
  const turns = new ScriptTurns(scripts);
  for (let ranges = turns.take(); ranges !== undefined; ranges = turns.take()) {
    for (const range of ranges) {
      const fault = faultOfInputs(range, flags);
      if (fault === undefined) continue;
      // What stands before this turn in the block has been taken already, by whoever will tell what is wrong with it.
      takeNoMore(scripts);
      return fault;
    }
  }
  return undefined;
}

port.on("message", ({ id, scripts }: BatchRequest) => {
  port.postMessage({ id, fault: faultOf(scripts) } satisfies BatchAnswer);
});
