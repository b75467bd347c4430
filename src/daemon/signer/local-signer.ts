import { channelSecrets, FRESH_MEMORY, localChannelSigner, type SignerMemory } from "../../../channels/index.ts";
import { utf8 } from "../../base/bytes.ts";
import { ok, present } from "../../base/result.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { hkdf } from "../../crypto/hash.ts";
import { secp256k1 } from "../../crypto/secp256k1.ts";
import { staticKeyOf } from "../../crypto/static-key.ts";
import type { Signer } from "../../ports/signer.ts";
import type { Keychain } from "../keychain.ts";
import { signWallet } from "./wallet-signer.ts";

/** From which every key and preimage of every stream follows: changing the label would lose what viewers have paid for. */
export function streamMaster(nodeSecret: Uint8Array): Uint8Array {
  const [master] = hkdf(utf8("sluice streams v1"), nodeSecret, utf8("master"), 1);
  return present(master, "HKDF gives one key");
}

/**
 * The signer of a node whose words are at hand. What it remembers of a channel follows from the channel's record, so there
 * is nothing of its own to be kept.
 */
export function localSigner(keychain: Keychain, { genesisHash: chainHash }: ChainParams): Signer {
  const { nodeSecret } = keychain;
  return {
    nodeId: keychain.nodeId,
    nodeKey: staticKeyOf(nodeSecret),
    signAsNode: (digest) => secp256k1.signRecoverable(digest, nodeSecret),
    streamMaster: streamMaster(nodeSecret),
    backupKey: keychain.backupKey,
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
      let memory: SignerMemory = remembered ?? FRESH_MEMORY;
      const cell = {
        get: () => memory,
        set: (next: SignerMemory) => {
          memory = next;
        },
      };
      return ok(localChannelSigner(channelSecrets(keychain.channelSeed(index)), { nodeSecret, chainHash }, cell));
    },
    mark: () => 0,
    keep: () => Promise.resolve(),
  };
}
