import { expect } from "chai";
import { localCommitment, remoteCommitment, remoteTerms, specOf } from "../../channels/commitments.ts";
import { encodeChannel, type FundedState, sign, signerMemoryOf } from "../../channels/index.ts";
import { secretIndex } from "../../channels/keys/commitment-secrets.ts";
import { FRESH_MEMORY, remoteCommitmentRequest } from "../../channels/keys/signer.ts";
import { COMMITMENT_NUMBER_MAX } from "../../channels/tx/commitment-number.ts";
import { assert } from "../../src/base/result.ts";
import { satPerKw } from "../../src/base/units.ts";
import { type Name, other } from "../support/channel-pair.ts";
import { Court } from "../support/court.ts";

const LAST = COMMITMENT_NUMBER_MAX;
const SIDES = ["a", "b"] as const;

/** All secrets of a side below `number`, as the other keeps them: one for each length of prefix. BOLT 3 §Efficient Per-commitment Secret Storage. */
function secretsBelow({ pair }: Court, name: Name, number: bigint) {
  const lowest = secretIndex(number - 1n);
  const entries = [];
  for (let bucket = 0n; ; bucket++) {
    // The newest with exactly so many zero bits at its end: the smallest such index that was revealed.
    const step = 1n << (bucket + 1n);
    const odd = 1n << bucket;
    const index = lowest <= odd ? odd : odd + ((lowest - odd + step - 1n) / step) * step;
    const secret = index > secretIndex(0n) ? undefined : pair.parties[name].keys.commitmentSecret(secretIndex(index));
    if (secret === undefined) return { entries, lowest };
    entries.push({ index, secret });
  }
}

/** A state that has come so far, with the balances of the present one; the peer's signature is real. */
function grown(court: Court, name: Name, number: bigint): FundedState {
  const { pair } = court;
  const party = pair.parties[name];
  const peer = pair.parties[other(name)];
  const { funded: state } = party;
  const { commitments, params } = state;
  const next = number === LAST ? LAST : number + 1n;
  const point = peer.keys.commitmentPoint(number);
  const { txid } = remoteCommitment(pair.env(name), params, { number, point }, specOf(commitments, "remote"));
  const { commitment } = localCommitment(pair.env(name), params, number, specOf(commitments, "local"));
  const terms = remoteTerms(peer.funded.params);
  const request = remoteCommitmentRequest(terms, party.keys.commitmentPoint(number), commitment);
  const signed = sign(peer.secrets, FRESH_MEMORY, request);
  assert(signed.ok, "the peer signs");
  return {
    ...state,
    commitments: {
      ...commitments,
      local: { number, signatures: signed.value.signatures },
      remote: { number, point, txid },
      remoteNextPoint: peer.keys.commitmentPoint(next),
      secrets: secretsBelow(court, other(name), number),
    },
  };
}

/** Both sides from the disk, as they would be after so many updates. */
function agedTo(court: Court, number: bigint): Court {
  const { pair } = court;
  const states = { a: grown(court, "a", number), b: grown(court, "b", number) };
  pair.disconnect();
  for (const name of SIDES) {
    const state = states[name];
    pair.load(name, encodeChannel(state));
    pair.parties[name].disk = encodeChannel(state);
    expect(pair.parties[name].memory).to.deep.equal(signerMemoryOf(state));
  }
  return court;
}
/** At its last number, connected again. */
function atLast(): Court {
  const court = agedTo(new Court().open(), LAST);
  court.pair.connect();
  court.pair.settle();
  for (const name of SIDES) expect(court.pair.parties[name].state.tag).to.equal("Normal");
  return court;
}

describe("The textbook: a channel in its last state, number 2^48 - 1", () => {
  it("both are connected again, and no commitment is asked for", () => {
    const { pair } = atLast();
    for (const name of SIDES) {
      const { local, remote, sent } = pair.parties[name].funded.commitments;
      expect([local.number, remote.number, sent]).to.deep.equal([LAST, LAST, undefined]);
    }
  });
  for (const name of SIDES)
    it(`${name} offers no HTLC any more, and says why`, () => {
      const { pair } = atLast();
      const { kind, effects } = pair.offer(name, 1_000_000n);
      const origin = { tag: "payment", paymentId: "p0", attempt: 0 };
      expect({ kind, effects }).to.deep.equal({
        kind: "stay",
        effects: [{ tag: "Refused", origin, reason: { code: "commitment_numbers_used_up" } }],
      });
    });
  it("the opener changes no fee any more, and says why", () => {
    const { pair } = atLast();
    const { kind, effects } = pair.give("a", { tag: "UpdateFee", feerate: satPerKw(2_000) });
    const reason = { code: "commitment_numbers_used_up" };
    expect({ kind, effects }).to.deep.equal({
      kind: "stay",
      effects: [{ tag: "CommandRefused", command: "UpdateFee", reason }],
    });
  });
  for (const name of SIDES)
    it(`a peer who signs one more for ${name} has broken the protocol`, () => {
      const { pair } = atLast();
      const { channelId } = pair.parties[name].funded.params;
      const message = {
        name: "commitment_signed",
        channel_id: channelId,
        signature: new Uint8Array(64).fill(1),
        htlc_signature: [],
      } as const;
      pair.give(name, { tag: "PeerMessage", message });
      expect(pair.parties[name].take("ChannelFailed").map(({ cause }) => cause)).to.deep.equal([
        { tag: "fault", text: "commitment numbers used up" },
      ]);
    });
  for (const closer of SIDES)
    it(`${closer} closes it by agreement: both have their balances, less one fee`, () => {
      const court = atLast();
      const { pair } = court;
      pair.give(closer, { tag: "Shutdown", script: pair.parties[closer].closeScript, feerate: satPerKw(1_000) });
      court.act();
      court.mine();
      expect(court.worth("b")).to.equal(400_000n);
      expect(court.worth("a") > 599_000n).to.equal(true);
      court.mine(99);
      for (const name of SIDES) expect(pair.parties[name].state.tag).to.equal("Closed");
    });
  for (const closer of SIDES)
    it(`${closer} closes it alone: number 2^48 - 1 is mined, and is no revoked one`, () => {
      const court = agedTo(new Court().open(), LAST);
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      court.mine(150);
      for (const name of SIDES) expect(court.pair.parties[name].take("Breach")).to.deep.equal([]);
      expect(court.worth("b") > 399_000n).to.equal(true);
      expect(court.worth("a") > 597_000n).to.equal(true);
    });
  for (const thief of SIDES)
    it(`${thief} publishes the one before it: its secret is among the 48 that are kept`, () => {
      const court = agedTo(new Court().open(), LAST);
      const { pair } = court;
      const honest = pair.parties[other(thief)];
      pair.load(thief, encodeChannel(grown(court, thief, LAST - 1n)));
      pair.give(thief, { tag: "ForceClose" });
      court.act();
      court.mine();
      expect(honest.take("Breach").map(({ number }) => number)).to.deep.equal([LAST - 1n]);
      court.mine();
      expect(court.worth(thief)).to.equal(0n);
      expect(court.worth(other(thief)) > 995_000n).to.equal(true);
    });
});
