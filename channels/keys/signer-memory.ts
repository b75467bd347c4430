import { outpointKey } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { type Codec, listOf, optional, refine, struct } from "../../src/codec/codec.ts";
import { amountSat, txid, u8, u16, u64 } from "../../src/codec/primitives.ts";
import type { SignedCommitment, SignerMemory } from "./signer.ts";

/**
 * Why a channel's record, which says `remembered`, is older than what a signer knows to have left for that channel;
 * undefined when it is not. A signer that is asked for the sake of an older record would be led to contradict itself.
 */
export function olderThan(remembered: SignerMemory, known: SignerMemory): string | undefined {
  const [has, left] = [newest(remembered), newest(known)];
  if (left !== undefined && (has === undefined || has < left))
    return `commitment ${left} of the peer is signed, the record ends at ${has ?? "none"}`;
  for (const { funding, number, txid: id } of known.signed) {
    const same = remembered.signed.find((one) => outpointKey(one.funding) === outpointKey(funding));
    if (same !== undefined && same.number === number && same.txid !== id)
      return `another commitment ${number} of the peer is signed than the record holds`;
  }
  const hides = known.obscuringFactor;
  if (hides !== undefined && (remembered.obscuringFactor ?? hides) !== hides)
    return "commitments are signed whose numbers are hidden otherwise than the record says";
  if (remembered.revokedBelow < known.revokedBelow)
    return `commitment ${known.revokedBelow - 1n} is revoked, which in the record is not`;
  const published = known.broadcastFrom;
  if (published !== undefined && (remembered.broadcastFrom === undefined || remembered.broadcastFrom > published))
    return `commitment ${published} is signed for the chain, of which the record says nothing`;
  return undefined;
}
const newest = ({ signed }: SignerMemory): bigint | undefined =>
  signed.reduce<bigint | undefined>(
    (most, { number }) => (most === undefined || number > most ? number : most),
    undefined,
  );

/**
 * What two know together, of which the first is not older than the second: nothing is forgotten that either refuses. Of a
 * funding output that a record has behind, because the channel has left it, the newer of the two counts.
 */
export function joined(remembered: SignerMemory, known: SignerMemory): SignerMemory {
  assert(olderThan(remembered, known) === undefined, "an older record was refused before");
  const newer = remembered.signed.map((one) => {
    const same = known.signed.find(({ funding }) => isSame(funding, one.funding));
    return same !== undefined && same.number > one.number ? same : one;
  });
  const also = known.signed.filter((one) => remembered.signed.every(({ funding }) => !isSame(funding, one.funding)));
  const obscuringFactor = known.obscuringFactor ?? remembered.obscuringFactor;
  return { ...remembered, signed: [...newer, ...also], obscuringFactor };
}
const isSame = (a: SignedCommitment["funding"], b: SignedCommitment["funding"]): boolean =>
  outpointKey(a) === outpointKey(b);

const VERSION = 1;
/** There is room for an amount, which is read and left empty. */
const signedCommitment: Codec<SignedCommitment> = refine(
  "signed_commitment",
  struct({ funding: struct({ txid, vout: u16 }), number: u64, txid, amount: optional(amountSat) }),
  ({ funding, number, txid: id }) => ({ funding, number, txid: id }),
  (signed) => ({ ...signed, amount: undefined }),
);
/** The record in which a signer with a disk of its own keeps its memory of one channel. */
export const signerMemoryRecord: Codec<SignerMemory> = refine(
  "signer_memory",
  struct({
    version: u8,
    signed: listOf(u16, signedCommitment),
    revokedBelow: u64,
    broadcastFrom: optional(u64),
    obscuringFactor: optional(u64),
  }),
  ({ version, ...memory }) => (version === VERSION ? memory : undefined),
  (memory) => ({ version: VERSION, ...memory }),
);
