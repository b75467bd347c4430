import { expect } from "chai";
import { localCommitment, specOf } from "../../../channels/commitments.ts";
import { buildCommitment, type CommitmentHtlc } from "../../../channels/tx/commitment.ts";
import type { CommitmentFormat, HtlcSide } from "../../../channels/tx/format.ts";
import { isTrimmed, trimThreshold } from "../../../channels/tx/weights.ts";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { paymentHash } from "../../../src/base/ids.ts";
import { cltvExpiry, msat, satPerKw } from "../../../src/base/units.ts";
import type { AcceptChannel } from "../../../src/wire/opening.ts";
import { type Name, normal, opened, type Pair } from "../../support/channel-pair.ts";
import { alice, bob, CAPACITY, keysOf, termsOf } from "../tx/two-sides.ts";

/** Failures of other nodes that have been published, each by its row in RELIABILITY §1a. */
const FORMATS: readonly CommitmentFormat[] = ["static_remotekey", "anchors"];
const SIDES: readonly HtlcSide[] = ["offered", "received"];

/** What the owner of a commitment and the other side have on it, in sat; the opener's pays for the rest. */
function outputsOf(pair: Pair, name: Name): { readonly local: bigint; readonly remote: bigint } {
  const { params, commitments } = pair.parties[name].funded;
  const env = pair.env(name);
  const { commitment } = localCommitment(env, params, commitments.local.number, specOf(commitments, "local"));
  const of = (tag: string): bigint => commitment.outputs.find(({ role }) => role.tag === tag)?.amount ?? 0n;
  return { local: of("to_local"), remote: of("to_remote") };
}

describe("RELIABILITY C8: a reserve of nothing", () => {
  it("is refused from an accepter, who could let us overdraw", () => {
    const whole = opened();
    whole.deliver("b");
    const accept = whole.trace.find(({ message }) => message.name === "accept_channel")?.message as AcceptChannel;
    const pair = opened();
    pair.give("a", {
      tag: "PeerMessage",
      message: { ...accept, channel_reserve_satoshis: 0n as AcceptChannel["channel_reserve_satoshis"] },
    });
    const [error] = pair.parties.a.take("SendError");
    expect([pair.parties.a.state.tag, error?.text]).to.deep.equal(["Aborted", "bad opening, rule reserve_below_dust"]);
  });
  it("is never reached: with the channel full of HTLCs, ten higher feerates leave every commitment able to pay its fee", () => {
    const pair = normal({ capacity: 400_000n, push: 150_000_000n, feerate: 1_000 });
    for (let tick = 0; tick < 40; tick++) pair.offer(tick % 2 === 0 ? "a" : "b", 4_000_000n);
    pair.settle();
    for (let feerate = 1_200; feerate < 60_000; feerate = Math.ceil(feerate * 1.5)) {
      pair.give("a", { tag: "UpdateFee", feerate: satPerKw(feerate) });
      pair.settle();
      expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
      const reserve = pair.parties.a.funded.params.remote.channelReserve;
      expect(outputsOf(pair, "a").local >= reserve, `the opener's own commitment at ${feerate}`).to.equal(true);
      expect(outputsOf(pair, "b").remote >= reserve, `the accepter's commitment at ${feerate}`).to.equal(true);
    }
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason.code)).to.include("cannot_afford_feerate");
  });
});

describe("RELIABILITY C9: an HTLC beside the dust limit", () => {
  const rates = [253, 1_000, 2_500, 10_000].flatMap((rate) => [rate, Math.floor(rate * 1.25), 2 * rate]);
  it("is trimmed when it is built exactly where it was when it was accepted, to the msat, whoever opened", () => {
    const keys = keysOf(alice, bob, 3n);
    for (const format of FORMATS)
      for (const opener of [alice, bob])
        for (const rate of rates)
          for (const side of SIDES) {
            const terms = termsOf(alice, bob, opener, format);
            const edge = trimThreshold(side, terms.dustLimit, satPerKw(rate), format) * 1_000n;
            for (const amount of [edge - 1_000n, edge - 1n, edge, edge + 999n, edge + 1_000n]) {
              const htlc: CommitmentHtlc = {
                id: 0n,
                side,
                amount: msat(amount),
                paymentHash: paymentHash(new Uint8Array(32)),
                expiry: cltvExpiry(500),
              };
              const half = (CAPACITY * 1_000n - amount) / 2n;
              const spec = {
                toLocal: msat(half),
                toRemote: msat(CAPACITY * 1_000n - amount - half),
                htlcs: [htlc],
                feerate: satPerKw(rate),
              };
              const { trimmed } = buildCommitment(terms, keys, 3n, spec);
              expect([trimmed.length === 1, isTrimmed(htlc, terms.dustLimit, spec.feerate, format)]).to.deep.equal([
                amount < edge,
                amount < edge,
              ]);
            }
          }
  });
  it("costs the opener its output where it has one, and never a satoshi of the reserve", () => {
    for (const rate of [253, 1_250, 5_000]) {
      const pair = normal({ capacity: 120_000n, push: 20_000_000n, feerate: rate });
      const { params } = pair.parties.a.funded;
      for (let tick = 0; tick < 30; tick++) {
        const limit = (tick % 2 === 0 ? params.local : params.remote).dustLimit * 1_000n;
        pair.offer(tick % 3 === 0 ? "b" : "a", limit + BigInt((tick % 5) - 2) * 1_000n);
        if (tick % 10 === 9) pair.settle();
      }
      pair.settle();
      expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
      expect(outputsOf(pair, "a").local >= params.remote.channelReserve).to.equal(true);
      expect(outputsOf(pair, "b").remote >= params.remote.channelReserve).to.equal(true);
    }
  });
});

describe("RELIABILITY C23: two nodes that do not agree about fees", () => {
  for (const format of FORMATS)
    it(`keep their channel over 2,000 changes of the feerate, whatever their own estimators say, or if they say nothing: ${format}`, () => {
      const random = seededRandom(23);
      const lot = (below: number): number => new DataView(random.bytes(4).buffer).getUint32(0) % below;
      const pair = normal({ capacity: 10_000_000n, push: 2_000_000_000n, feerate: 1_000, type: { format } });
      pair.compare = false;
      let refused = 0;
      for (let change = 0; change < 2_000; change++) {
        const feerate = satPerKw(253 + lot(20_000));
        pair.estimate = [undefined, satPerKw(1), satPerKw(1_000_000), feerate][lot(4)];
        pair.give("a", { tag: "UpdateFee", feerate });
        if (change % 100 === 99) {
          // A day without a change, of which one side hears nothing.
          if (change % 500 === 499) {
            pair.disconnect();
            for (let hour = 0; hour < 24; hour++) pair.block(pair.parties.a.height + 6);
            pair.connect();
          }
          pair.settle();
        }
        refused += pair.parties.a.take("CommandRefused").length;
      }
      expect(refused).to.equal(0);
      expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
      for (const party of [pair.parties.a, pair.parties.b])
        expect([
          ...party.take("SendWarning"),
          ...party.take("SendError"),
          ...party.take("ChannelFailed"),
        ]).to.deep.equal([]);
    });
  it("keep it while the one that pays says nothing for days, at a feerate that no block takes", () => {
    for (const format of FORMATS) {
      const pair = normal({ feerate: 300, type: { format } });
      pair.offer("a", 20_000_000n);
      pair.settle();
      pair.estimate = satPerKw(50_000);
      for (let day = 0; day < 3; day++) {
        pair.block(pair.parties.a.height + 144);
        pair.settle();
      }
      expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
      for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
      pair.settle();
      expect(pair.parties.a.ends.size).to.equal(1);
    }
  });
});

describe("RELIABILITY C32: an HTLC that its payee holds while the wire breaks", () => {
  /** The wire breaks after so many messages of the round that adds it; the payee decides when it is back. */
  function brokenAfter(messages: number, answer: "fulfill" | "fail"): Pair {
    const pair = normal();
    pair.offer("a", 5_000_000n, 1);
    for (let delivered = 0; delivered < messages; delivered++) if (!pair.deliver("b")) pair.deliver("a");
    pair.disconnect();
    pair.connect();
    pair.settle();
    const [held] = [...pair.parties.b.incoming.values()];
    if (held === undefined) throw new Error("the HTLC is committed");
    pair.disconnect();
    if (answer === "fulfill") pair.fulfill("b", held);
    else pair.fail("b", held.id);
    pair.connect();
    pair.settle();
    return pair;
  }
  for (const answer of ["fulfill", "fail"] as const)
    it(`is not stuck, wherever it breaks: the payer hears once that it was ${answer}ed`, () => {
      for (let messages = 0; messages < 8; messages++) {
        const { a, b } = brokenAfter(messages, answer).parties;
        expect([a.state.tag, b.state.tag, a.ends.size]).to.deep.equal(["Normal", "Normal", 1]);
        expect([a.funded.commitments.htlcs, b.funded.commitments.htlcs]).to.deep.equal([[], []]);
      }
    });
});
