import { CHAINS } from "../../../src/bitcoin/params.ts";
import { scriptMaker } from "../../../src/daemon/wallet/watch-add.ts";
import type { ScriptMaker } from "../../../src/daemon/wallet/watch-draft.ts";

const make = scriptMaker(CHAINS.regtest);
const made = new Map<string, Uint8Array>();
/** Derives each script once for all tests. */
export const makeScript: ScriptMaker = (descriptor, index) => {
  const key = `${descriptor}/${index}`;
  const script = made.get(key) ?? make(descriptor, index);
  made.set(key, script);
  return script;
};
