import { writeFileSync } from "node:fs";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { serveSigner } from "../../src/adapters/signer/server.ts";
import type { BlockHash } from "../../src/base/ids.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { type Keychain, keychainOf, keychainOfSeed } from "../../src/daemon/keychain.ts";
import { localSigner } from "../../src/daemon/signer/local-signer.ts";
import { keptMemories } from "../../src/daemon/signer/memories.ts";

/** What the process that serves the signers of tests is told: to listen there, with these keys. */
export interface SignerOrder {
  readonly path: string;
  readonly keys: SignerKeys;
}
export type SignerKeys =
  /** All that follows from the words of a node. */
  | { readonly tag: "words"; readonly words: string }
  /** One channel under every index. */
  | {
      readonly tag: "channel";
      readonly nodeSecret: Uint8Array;
      readonly channelSeed: Uint8Array;
      readonly chainHash: BlockHash;
    };

function keychainFor(keys: SignerKeys): Keychain {
  if (keys.tag === "words") return keychainOf(keys.words, "regtest");
  const { nodeSecret, channelSeed } = keys;
  return { ...keychainOfSeed(new Uint8Array(64), "regtest"), nodeSecret, channelSeed: () => channelSeed };
}
const nothing = (): void => {};
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

process.on("message", ({ path, keys }: SignerOrder) => {
  const keychain = keychainFor(keys);
  const disk = memoryDisk().open();
  const params = keys.tag === "words" ? CHAINS.regtest : { ...CHAINS.regtest, genesisHash: keys.chainHash };
  const open = () => localSigner(keychain, params, keptMemories(disk));
  const onHalt = (error: Error): void => {
    throw error;
  };
  // Whoever waits cannot hear: it looks for a file.
  void serveSigner({ path, network: "regtest", open, log: SILENT, onHalt }).then(() =>
    writeFileSync(`${path}.ready`, ""),
  );
});
process.on("disconnect", () => process.exit());
