import { channelSecrets, localChannelSigner } from "../../../channels/index.ts";
import { utf8 } from "../../base/bytes.ts";
import { ok, present } from "../../base/result.ts";
import type { KeyPath } from "../../bitcoin/key-path.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { hkdf } from "../../crypto/hash.ts";
import { secp256k1 } from "../../crypto/secp256k1.ts";
import { staticKeyOf } from "../../crypto/static-key.ts";
import type { Signer } from "../../ports/signer.ts";
import type { Keychain } from "../keychain.ts";
import { scriptOfKey } from "../wallet/scripts.ts";
import { type Memories, recordedMemories } from "./memories.ts";
import { signWallet } from "./wallet-signer.ts";

/** From which every key and preimage of every stream follows: changing the label would lose what viewers have paid for. */
export function streamMaster(nodeSecret: Uint8Array): Uint8Array {
  const [master] = hkdf(utf8("sluice streams v1"), nodeSecret, utf8("master"), 1);
  return present(master, "HKDF gives one key");
}

/** The signer of a node whose words are at hand. */
export function localSigner(
  keychain: Keychain,
  { genesisHash: chainHash }: ChainParams,
  memories: Memories = recordedMemories(),
): Signer {
  const { nodeSecret } = keychain;
  const payTo = (path: KeyPath): Uint8Array => scriptOfKey(path.type, keychain.walletKey(path));
  return {
    nodeId: keychain.nodeId,
    nodeKey: staticKeyOf(nodeSecret),
    signAsNode: (digest) => secp256k1.signRecoverable(digest, nodeSecret),
    streamMaster: streamMaster(nodeSecret),
    backupKey: keychain.backupKey,
    hasSigned: memories.areSome,
    accounts: {
      get p2wpkh() {
        return keychain.account("p2wpkh");
      },
      get p2tr() {
        return keychain.account("p2tr");
      },
    },
    signWallet: (request) => signWallet(keychain, request),
    channel: (index, remembered) => {
      const memory = remembered === undefined ? ok(undefined) : memories.open(index, remembered);
      if (!memory.ok) return memory;
      const secrets = channelSecrets(keychain.channelSeed(index));
      return ok(localChannelSigner(secrets, { nodeSecret, chainHash, payTo }, memory.value));
    },
    forget: () => {},
    mark: () => memories.mark(),
    keep: (mark) => memories.keep(mark),
  };
}
