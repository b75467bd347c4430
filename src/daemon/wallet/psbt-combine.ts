import { _DebugPSBT as framesOf } from "@scure/btc-signer/psbt.js";
import { err, present, type Result } from "../../base/result.ts";
import { txidOf } from "../../bitcoin/tx.ts";
import { type Psbt, parsePsbt, psbtText } from "./psbt.ts";
import type { PsbtFault } from "./psbt-fault.ts";

/**
 * One PSBT with all that is said in any of several of the same transaction; where two differ, the first counts. Fields that
 * nobody here knows are taken over as they stand. BIP 174 §Combiner.
 */
export function combinePsbts(psbts: readonly [Psbt, ...Psbt[]]): Result<Psbt, PsbtFault> {
  const [first] = psbts;
  if (psbts.some(({ tx }) => txidOf(tx) !== txidOf(first.tx))) return err({ code: "other_transaction" });
  const read = psbts.map((psbt) => framesOf.decode(Uint8Array.from(Buffer.from(psbtText(psbt), "base64"))).items);
  const items = present(read[0], "there is a first").map((_, at) =>
    Object.assign({}, ...read.map((maps) => maps[at]).reverse()),
  );
  return parsePsbt(Buffer.from(framesOf.encode({ items } as ReturnType<typeof framesOf.decode>)).toString("base64"));
}
