import { localTerms, specOf } from "../../channels/commitments.ts";
import { channelKeys, type FundedState } from "../../channels/index.ts";
import { commitmentKeys } from "../../channels/keys/commitment-keys.ts";
import { deriveSecret } from "../../channels/keys/derivation.ts";
import { buildCommitment, type Commitment } from "../../channels/tx/commitment.ts";
import { fundingWitness, secondStageWitness, withWitness } from "../../channels/tx/witnesses.ts";
import { present } from "../../src/base/result.ts";
import { segwitSighash } from "../../src/bitcoin/sighash.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { preimageOfHash } from "./channel-pair.ts";
import type { Party } from "./channel-party.ts";

/** A state of a party's channel at which one of its own commitments was the newest. */
export type Snapshot = FundedState;

/** What a party can publish of an earlier state: its commitment of then, signed by both, and what spends the HTLCs in it. */
export class Thief {
  readonly #party: Party;
  constructor(party: Party) {
    this.#party = party;
  }
  commitment(then: Snapshot): { readonly tx: Tx; readonly commitment: Commitment } {
    const { params, commitments } = then;
    const { number, signatures } = commitments.local;
    const terms = localTerms(params);
    const commitment = buildCommitment(terms, this.#keys(then), number, specOf(commitments, "local"));
    const digest = segwitSighash(commitment.tx, 0, terms.funding.witnessScript, terms.funding.amount);
    const witness = fundingWitness(
      {
        pubkey: params.local.basepoints.fundingPubkey,
        signature: secp256k1.sign(digest, this.#party.secrets.funding),
      },
      { pubkey: params.remote.basepoints.fundingPubkey, signature: signatures.signature },
      terms.funding.witnessScript,
    );
    return { tx: withWitness(commitment.tx, witness), commitment };
  }
  /**
   * The second stages of the HTLCs of one side, all in one transaction if `together`, completed with a fee by `pay`. Each
   * HTLC's input and output stand at the same place. BOLT 3 §HTLC-Timeout and HTLC-Success Transactions.
   */
  secondStages(
    then: Snapshot,
    side: "offered" | "received",
    pay: (tx: Tx) => Tx,
    together = false,
  ): readonly { readonly tx: Tx; readonly vouts: readonly number[] }[] {
    const { commitment } = this.commitment(then);
    const chosen = commitment.htlcs.flatMap((untrimmed, at) =>
      untrimmed.htlc.side === side ? [{ untrimmed, at }] : [],
    );
    const groups = together ? (chosen.length === 0 ? [] : [chosen]) : chosen.map((one) => [one]);
    return groups.map((group) => {
      const bare: Tx = {
        version: 2,
        inputs: group.flatMap(({ untrimmed }) => untrimmed.tx.inputs),
        outputs: group.flatMap(({ untrimmed }) => untrimmed.tx.outputs),
        locktime: Math.max(...group.map(({ untrimmed }) => untrimmed.tx.locktime)),
      };
      const tx = pay(bare);
      const inputs = tx.inputs.map((input, index) => {
        const htlc = group[index];
        if (htlc === undefined) return input;
        const { amount, witnessScript, htlc: terms } = htlc.untrimmed;
        const digest = segwitSighash(tx, index, witnessScript, amount);
        const local = secp256k1.sign(digest, this.#htlcSecret(then));
        const remote = present(
          then.commitments.local.signatures.htlcSignatures[htlc.at],
          "each second stage is signed",
        );
        const preimage = side === "received" ? preimageOfHash(terms.paymentHash) : undefined;
        return {
          ...input,
          witness: secondStageWitness({ remote, local }, preimage, witnessScript, then.params.type.format),
        };
      });
      return { tx: { ...tx, inputs }, vouts: group.map(({ untrimmed }) => untrimmed.vout) };
    });
  }
  #keys({ params, commitments }: Snapshot) {
    const keys = channelKeys(this.#party.secrets);
    const point = keys.commitmentPoint(commitments.local.number);
    return commitmentKeys(keys.derived, params.local.basepoints, params.remote.basepoints, point);
  }
  #htlcSecret({ params, commitments }: Snapshot): Uint8Array {
    const point = channelKeys(this.#party.secrets).commitmentPoint(commitments.local.number);
    return deriveSecret(this.#party.secrets.htlcBasepoint, params.local.basepoints.htlcBasepoint, point);
  }
}
