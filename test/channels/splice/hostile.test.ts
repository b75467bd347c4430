import { expect } from "chai";
import fc from "fast-check";
import { tally } from "../../../channels/commitments.ts";
import { onOthers } from "../../../channels/fundings/other.ts";
import type { ChannelMessage, FundedState } from "../../../channels/index.ts";
import { fundingOutput } from "../../../channels/tx/funding-tx.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { sat, satPerKw, toMsat } from "../../../src/base/units.ts";
import { CommitmentSigned } from "../../../src/wire/updates.ts";
import { type Name, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { type Action, act, action, type Offers } from "../../support/schedule.ts";
import { into, mined, out, pending, spliceable, want } from "../../support/splicing.ts";

/** Numbers from which a message is made that gets further than a random one. */
interface Lot {
  readonly pick: number;
  readonly amount: bigint;
  readonly feerate: number;
}
type Say = (state: FundedState, lot: Lot, pair: Pair) => Omit<ChannelMessage, "channel_id">;

const txids = ({ params, commitments }: FundedState): readonly Txid[] => [
  params.funding.txid,
  ...commitments.others.map(({ terms }) => terms.outpoint.txid),
];
const anyTxid = (state: FundedState, { pick }: Lot): Txid => txids(state)[pick % txids(state).length] as Txid;
const signature = (pick: number): Uint8Array => new Uint8Array(64).fill(pick % 256);

/** What concerns a splice, made for the channel as it stands; `state` is that of the honest side. */
const SAYINGS: { readonly [name: string]: Say } = {
  stfu: (_, { pick }) => ({ name: "stfu", initiator: pick % 2 }),
  splice_init: ({ params }, { amount, feerate }) => ({
    name: "splice_init",
    funding_contribution_satoshis: amount,
    funding_feerate_perkw: satPerKw(feerate),
    locktime: 0,
    funding_pubkey: params.remote.basepoints.fundingPubkey,
  }),
  splice_ack: ({ params }, { amount }) => ({
    name: "splice_ack",
    funding_contribution_satoshis: amount,
    funding_pubkey: params.remote.basepoints.fundingPubkey,
  }),
  tx_init_rbf: (_, { amount, feerate }) => ({
    name: "tx_init_rbf",
    locktime: 0,
    feerate: satPerKw(feerate),
    funding_output_contribution: amount,
  }),
  tx_ack_rbf: (_, { amount }) => ({ name: "tx_ack_rbf", funding_output_contribution: amount }),
  tx_add_input: ({ params }, { pick }) => ({
    name: "tx_add_input",
    serial_id: BigInt(pick),
    prevtx: new Uint8Array(0),
    prevtx_vout: params.funding.vout,
    sequence: 0xffff_fffd,
    shared_input_txid: params.funding.txid,
  }),
  tx_add_output: ({ params }, { pick, amount }) => {
    const keys = [params.local.basepoints.fundingPubkey, params.remote.basepoints.fundingPubkey] as const;
    const capacity = params.capacity + amount;
    const { script } = fundingOutput(...keys, params.capacity);
    return { name: "tx_add_output", serial_id: BigInt(pick), sats: sat(capacity > 0n ? capacity : 1n), script };
  },
  tx_complete: () => ({ name: "tx_complete" }),
  tx_abort: () => ({ name: "tx_abort", data: new Uint8Array(0) }),
  tx_signatures: (state, lot) => ({
    name: "tx_signatures",
    txid: anyTxid(state, lot),
    witnesses: [],
    shared_input_signature: signature(lot.pick),
  }),
  splice_locked: (state, lot) => ({ name: "splice_locked", splice_txid: anyTxid(state, lot) }),
  start_batch: (_, { pick }) => ({ name: "start_batch", batch_size: pick % 5, message_type: CommitmentSigned.type }),
  commitment_signed: (state, lot) => ({
    name: "commitment_signed",
    signature: signature(lot.pick),
    htlc_signature: [],
    funding_txid: anyTxid(state, lot),
  }),
  shutdown: () => ({ name: "shutdown", scriptpubkey: SCRIPT.b }),
  channel_reestablish: (state, lot, pair) => ({
    name: "channel_reestablish",
    next_commitment_number: pair.parties.b.funded.commitments.local.number + BigInt(1 + (lot.pick % 2)),
    next_revocation_number: pair.parties.b.funded.commitments.remote.number,
    your_last_per_commitment_secret: new Uint8Array(32),
    my_current_per_commitment_point: pair.parties.b.keys.commitmentPoint(0n),
    next_funding: { next_funding_txid: anyTxid(state, lot), retransmit_flags: lot.pick % 2 },
    my_current_funding_locked: { my_current_funding_locked_txid: anyTxid(state, lot), retransmit_flags: 0 },
  }),
};

type Move =
  | { readonly tag: "honest"; readonly action: Action }
  | { readonly tag: "splice"; readonly by: Name; readonly isIn: boolean; readonly lot: Lot }
  | { readonly tag: "bury"; readonly by: Name }
  /** Both are joined, and say all that they have to say. */
  | { readonly tag: "rest" }
  /** The next frame on its way to a is lost, or comes twice, or what comes is something else. */
  | { readonly tag: "lose" | "repeat" }
  | { readonly tag: "say"; readonly what: string; readonly lot: Lot };
const lot: fc.Arbitrary<Lot> = fc.record({
  pick: fc.nat(20),
  amount: fc.oneof(fc.bigInt({ min: -500_000n, max: 500_000n }), fc.constantFrom(0n, -400_000n, 1n << 50n)),
  feerate: fc.integer({ min: 253, max: 5_000 }),
});
const name = fc.constantFrom<Name>("a", "b");
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 30, arbitrary: action.map((next) => ({ tag: "honest" as const, action: next })) },
  { weight: 4, arbitrary: fc.record({ tag: fc.constant("splice" as const), by: name, isIn: fc.boolean(), lot }) },
  { weight: 2, arbitrary: fc.record({ tag: fc.constant("bury" as const), by: name }) },
  { weight: 4, arbitrary: fc.constant({ tag: "rest" as const }) },
  { weight: 1, arbitrary: fc.record({ tag: fc.constantFrom("lose" as const, "repeat" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ tag: fc.constant("say" as const), what: fc.constantFrom(...Object.keys(SAYINGS)), lot }),
  },
);

function play(pair: Pair, offers: Offers, next: Move): void {
  const [frame] = pair.queues.a;
  switch (next.tag) {
    case "honest":
      return act(pair, offers, next.action);
    case "splice": {
      const { amount, feerate } = next.lot;
      const size = (amount < 0n ? -amount : amount) % 90_000n;
      // What a takes out is its own choice, so it takes nothing out.
      const change = next.by === "a" || next.isIn ? into(size + 1_000n) : out(size + 1_000n, "b");
      return void want(pair, next.by, change, feerate);
    }
    case "bury": {
      if (pair.parties[next.by].state.tag !== "Normal") return;
      const known = pending(pair, next.by).find(({ progress }) => progress.confirmed === undefined);
      return known && mined(pair, next.by, known.terms.outpoint.txid);
    }
    case "rest":
      pair.connect();
      return pair.settle();
    case "lose":
      pair.queues.a.shift();
      return;
    case "repeat":
      if (frame !== undefined) pair.queues.a.unshift(frame);
      return;
    case "say": {
      const { funded } = pair.parties.a;
      const said = (SAYINGS[next.what] as Say)(funded, next.lot, pair);
      const message = { ...said, channel_id: funded.params.channelId } as ChannelMessage;
      pair.give("a", { tag: "PeerMessage", message });
    }
  }
}

/** What a can never lose on any funding: what it began with, less what it offered and was given a preimage for. */
function floor(pair: Pair, offers: Offers): bigint {
  let left = 900_000_000n;
  for (const [key, { from, amount }] of offers)
    if (from === "a" && pair.parties.a.ends.get(key) !== "failed") left -= amount;
  return left;
}

describe("A hostile peer amid splices: whatever it says of them, leaves out or says twice", () => {
  it("never makes a step throw, and never takes what is irrevocably ours, on whichever funding", function () {
    this.timeout(120_000);
    const tags: Record<string, number> = {};
    const seen = { splices: 0, locked: 0 };
    fc.assert(
      fc.property(fc.array(move, { minLength: 150, maxLength: 150 }), (moves) => {
        const pair = spliceable({ capacity: 2_000_000n, push: 1_100_000_000n });
        const offers: Offers = new Map();
        const { a } = pair.parties;
        for (const next of moves) {
          play(pair, offers, next);
          const { params, commitments } = a.funded;
          for (const on of [{ params, commitments }, ...onOthers(params, commitments)]) {
            expect(on.commitments.balance.local + on.commitments.balance.remote).to.equal(toMsat(on.params.capacity));
            const { local } = tally(on.commitments, "local");
            expect(local >= floor(pair, offers), `a holds its own after ${next.tag}`).to.equal(true);
          }
        }
        tags[a.state.tag] = (tags[a.state.tag] ?? 0) + 1;
        seen.splices += a.take("SpliceSigned").length;
        seen.locked += a.funded.commitments.others.some(({ role }) => role === "past") ? 1 : 0;
      }),
      { seed: 5, numRuns: 30 },
    );
    expect(Object.keys(tags), "some runs stay open, some end").to.include.members(["Normal", "Failed"]);
    expect([seen.splices > 10, seen.locked > 2], `${seen.splices} splices, ${seen.locked} locked`).to.deep.equal([
      true,
      true,
    ]);
  });
});
