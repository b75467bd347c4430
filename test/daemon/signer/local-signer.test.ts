import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { localSigner } from "../../../src/daemon/signer/local-signer.ts";
import { keptMemories } from "../../../src/daemon/signer/memories.ts";
import { signerContract, WORDS } from "../../contract/signer.ts";

signerContract("in the process that asks", async () => {
  const keychain = keychainOf(WORDS, "regtest");
  const store = memoryDisk().open();
  return {
    open: async () => localSigner(keychain, CHAINS.regtest, keptMemories(store)),
    dispose: () => store.close(),
  };
});
