import { outpointKey } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { type Codec, listOf, optional, refine, struct } from "../../src/codec/codec.ts";
import { amountSat, txid, u8, u16, u64 } from "../../src/codec/primitives.ts";
import { FUNDINGS_MAX } from "./judgement.ts";
import type { SignedCommitment, SignerMemory } from "./signer.ts";

/**
 * Why a channel's record, which says `remembered`, is older than what a signer knows to have left for that channel;
 * undefined when it is not. A signer that is asked for the sake of an older record would be led to contradict itself.
 */
export function olderThan(remembered: SignerMemory, known: SignerMemory): string | undefined {
  const [has, left] = [newest(remembered), newest(known)];
  if (left !== undefined && (has === undefined || has < left))
    return `commitment ${left} of the peer is signed, the record ends at ${has ?? "none"}`;
  const signed = byFunding(known);
  for (const { funding, number, txid: id } of remembered.signed) {
    const same = signed.get(outpointKey(funding));
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
/** Nothing has been signed yet. */
export const isFresh = ({ signed, revokedBelow, broadcastFrom }: SignerMemory): boolean =>
  signed.length === 0 && revokedBelow === 0n && broadcastFrom === undefined;
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
  const [told, ours] = [byFunding(remembered), byFunding(known)];
  const newer = [...told].map(([funding, one]) => {
    const same = ours.get(funding);
    return same !== undefined && same.number > one.number ? same : one;
  });
  const also = [...ours].filter(([funding]) => !told.has(funding)).map(([, one]) => one);
  const signed = [...newer, ...also];
  // Whatever a node says that its records hold: no more than that was ever signed, and all of it has to fit into ours.
  assert(signed.length <= FUNDINGS_MAX, "no channel has so many fundings");
  return { ...remembered, signed, obscuringFactor: known.obscuringFactor ?? remembered.obscuringFactor };
}
/** A node may say of thousands. */
const byFunding = ({ signed }: SignerMemory): ReadonlyMap<string, SignedCommitment> =>
  new Map(signed.map((one) => [outpointKey(one.funding), one]));

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
