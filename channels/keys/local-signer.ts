import { equalBytes } from "../../src/base/bytes.ts";
import { type BlockHash, nodeId } from "../../src/base/ids.ts";
import { assert, err, ok, type Result } from "../../src/base/result.ts";
import { decode } from "../../src/codec/codec.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { ChannelAnnouncement, signedDigest } from "../../src/wire/gossip.ts";
import type { AnnouncementSignaturePair } from "../state.ts";
import { type ChannelKeys, type ChannelSecrets, channelKeys } from "./channel-keys.ts";
import type { AnnouncementRefusal, ChannelSigner } from "./channel-signer.ts";
import { judgeClaim, type PayTo } from "./claim-judgement.ts";
import { signClaim } from "./claim-signer.ts";
import { markRevoked, type SignerMemory, sign } from "./signer.ts";

/** Where the memory of one channel's signer is kept. What is set counts at once for whatever is asked next. */
export interface MemoryCell {
  get(): SignerMemory;
  set(memory: SignerMemory): void;
}
/** Whose channel it is: what an announcement of it has to say, and where its money may go. */
export interface ChannelOwner {
  readonly nodeSecret: Uint8Array;
  readonly chainHash: BlockHash;
  readonly payTo: PayTo;
}

/**
 * The signer of a channel whose secrets are at hand.
 * @param memory undefined of a channel that is known from a backup alone: nothing of it is signed but claims
 */
export function localChannelSigner(
  secrets: ChannelSecrets,
  owner: ChannelOwner,
  memory: MemoryCell | undefined,
): ChannelSigner {
  const known = channelKeys(secrets);
  return {
    keys: { ...known, commitmentSecret: (number) => revealed(known, memory, number) },
    sign: (request) => {
      if (memory === undefined) return err({ code: "state_unknown" });
      const signed = sign(secrets, memory.get(), request);
      if (!signed.ok) return signed;
      memory.set(signed.value.memory);
      return ok(signed.value.signatures);
    },
    signClaim: (request, pays) => {
      const judged = judgeClaim(secrets, owner.payTo, request, pays);
      return judged.ok ? signClaim(secrets, request) : judged;
    },
    announce: (announcement) => announced(secrets, known, owner, announcement),
  };
}

function revealed(keys: ChannelKeys, memory: MemoryCell | undefined, number: bigint): Uint8Array {
  assert(memory !== undefined, "a channel that is known from a backup alone revokes nothing");
  const marked = markRevoked(memory.get(), number);
  assert(marked.ok, "a commitment that may be on its way to the chain is not revoked");
  memory.set(marked.value);
  return keys.commitmentSecret(number);
}

/** Nothing else that these two keys could sign reads as an announcement of this channel. */
function announced(
  { funding }: ChannelSecrets,
  { fundingPubkey }: ChannelKeys,
  { nodeSecret, chainHash }: ChannelOwner,
  announcement: Uint8Array,
): Result<AnnouncementSignaturePair, AnnouncementRefusal> {
  const read = decode(ChannelAnnouncement.codec, announcement);
  const self = nodeId(secp256k1.publicKey(nodeSecret));
  const isOurs =
    read.ok &&
    read.value.chain_hash === chainHash &&
    ((read.value.node_id_1 === self && equalBytes(read.value.bitcoin_key_1, fundingPubkey)) ||
      (read.value.node_id_2 === self && equalBytes(read.value.bitcoin_key_2, fundingPubkey)));
  if (!isOurs) return err({ code: "not_our_announcement" });
  const digest = signedDigest("channel_announcement", announcement);
  return ok({
    nodeSignature: secp256k1.sign(digest, nodeSecret),
    bitcoinSignature: secp256k1.sign(digest, funding),
  });
}
