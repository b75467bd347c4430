import { expect } from "chai";
import { localTerms, remoteCommitment, remoteTerms, specOf, tally } from "../../channels/commitments.ts";
import {
  commitmentsOn,
  type FundingTerms,
  type OtherFunding,
  paramsOn,
  termsOf,
} from "../../channels/fundings/other.ts";
import { type FundedState, type Signatures, sign } from "../../channels/index.ts";
import { remoteCommitmentRequest } from "../../channels/keys/signer.ts";
import { fundingOutput } from "../../channels/tx/funding-tx.ts";
import { fundingWitness, withWitness } from "../../channels/tx/witnesses.ts";
import type { Txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { type Sat, sat } from "../../src/base/units.ts";
import { segwitSighash } from "../../src/bitcoin/sighash.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { type Name, other, SCRIPT } from "./channel-fixtures.ts";
import type { Pair } from "./pair.ts";

/** In sat, what each side takes out of the channel. */
export interface Taken {
  readonly a: bigint;
  readonly b: bigint;
}
const FEE = 1_000n;

/**
 * A second funding for a pair at rest, as a splice out leaves it when both have signed and nothing is mined: every update
 * is made on both from here on. `lot` makes its transaction another one.
 */
export function spliced(pair: Pair, { a, b }: Taken = { a: 50_000n, b: 0n }, lot = 0): Tx {
  const { params } = pair.parties.a.funded;
  const terms = termsOf(params);
  const capacity = sat(terms.capacity - a - b);
  const tx = signedByBoth(pair, {
    version: 2,
    inputs: [{ prevout: terms.outpoint, scriptSig: new Uint8Array(0), sequence: 0xffff_fffd, witness: [] }],
    outputs: [
      fundingOutput(terms.keys.local, terms.keys.remote, capacity),
      { amount: sat(a + b - FEE), script: SCRIPT.a },
    ],
    locktime: lot,
  });
  const signed = { a: signedBy(pair, "a", txidOf(tx), capacity), b: signedBy(pair, "b", txidOf(tx), capacity) };
  for (const name of ["a", "b"] as const) {
    const party = pair.parties[name];
    const { commitments, funding } = party.funded;
    const added: OtherFunding = {
      ...shape(party.funded, name === "a" ? { local: a, remote: b } : { local: b, remote: a }, txidOf(tx), capacity),
      local: { number: commitments.local.number, signatures: signed[other(name)].signatures },
      remote: { number: commitments.remote.number, txid: signed[name].txid },
      progress: { since: funding.since, confirmed: undefined, deep: false, tx },
    };
    const others = [...commitments.others, added];
    party.state = { ...party.funded, commitments: { ...commitments, others } } as FundedState;
    party.log.push(...watching(added.terms));
  }
  return tx;

  function signedBy(of: Pair, name: Name, txid: Txid, held: Sat): { txid: Txid; signatures: Signatures } {
    const party = of.parties[name];
    const draft = shape(party.funded, name === "a" ? { local: a, remote: b } : { local: b, remote: a }, txid, held);
    const on = {
      params: paramsOn(party.funded.params, draft.terms),
      commitments: commitmentsOn(party.funded.commitments, draft),
    };
    const { number, point } = party.funded.commitments.remote;
    const commitment = remoteCommitment(of.env(name), on.params, { number, point }, specOf(on.commitments, "remote"));
    const answer = sign(
      party.secrets,
      party.memory,
      remoteCommitmentRequest(remoteTerms(on.params), point, commitment),
    );
    if (!answer.ok) throw new Error(answer.error.code);
    party.memory = answer.value.memory;
    return { txid: commitment.txid, signatures: answer.value.signatures };
  }
}
const watching = ({ outpoint, keys, capacity }: FundingTerms) =>
  [{ tag: "WatchFunding", outpoint, script: fundingOutput(keys.local, keys.remote, capacity).script }] as const;

function shape(
  { params, commitments, funding }: FundedState,
  taken: { readonly local: bigint; readonly remote: bigint },
  txid: Txid,
  capacity: Sat,
): OtherFunding {
  return {
    role: "active",
    terms: { ...termsOf(params), outpoint: { txid, vout: 0 }, capacity },
    shift: { local: -1_000n * taken.local, remote: -1_000n * taken.remote },
    local: commitments.local,
    remote: { number: commitments.remote.number, txid: commitments.remote.txid },
    sent: undefined,
    locked: { local: false, remote: false },
    made: undefined,
    progress: { since: funding.since, confirmed: undefined, deep: false, tx: undefined },
  };
}

/** A transaction that spends the funding output with its first input, with the witness that takes both sides. */
function signedByBoth(pair: Pair, tx: Tx): Tx {
  const { a, b } = pair.parties;
  const { funding } = localTerms(a.funded.params);
  const digest = segwitSighash(tx, 0, funding.witnessScript, funding.amount);
  const [x, y] = [a, b].map(({ secrets }) => ({
    pubkey: secp256k1.publicKey(secrets.funding),
    signature: secp256k1.sign(digest, secrets.funding),
  }));
  return withWitness(tx, fundingWitness(present(x, "a"), present(y, "b"), funding.witnessScript));
}

/** One side's state as if another of its fundings were the only one. */
export function seenOn(state: FundedState, txid: Txid): FundedState {
  const found = state.commitments.others.find(({ terms }) => terms.outpoint.txid === txid);
  if (found === undefined) return { ...state, commitments: { ...state.commitments, others: [] } };
  const params = paramsOn(state.params, found.terms);
  return { ...state, params, commitments: commitmentsOn(state.commitments, found) } as FundedState;
}

/** On each funding both sides agree to the last bit, and each holds the other's signatures on its newest commitment. */
export function expectAgreementOnAll(pair: Pair): void {
  const { a, b } = pair.parties;
  const txids = [
    a.funded.params.funding.txid,
    ...a.funded.commitments.others.flatMap(({ role, terms }) => (role === "past" ? [] : [terms.outpoint.txid])),
  ];
  for (const txid of txids) {
    const [x, y] = [seenOn(a.funded, txid), seenOn(b.funded, txid)];
    for (const [mine, theirs] of [[x, y] as const, [y, x] as const]) {
      const own = tally(mine.commitments, "local");
      const seen = tally(theirs.commitments, "remote");
      expect([own.local, own.remote, own.feerate]).to.deep.equal([seen.remote, seen.local, seen.feerate]);
      expect(mine.commitments.local.number, "on all").to.equal(theirs.commitments.remote.number);
    }
  }
}
