import { expect } from "chai";
import { dualChannelId } from "../../../channels/dual/proposal.ts";
import { decodeChannel } from "../../../channels/index.ts";
import { concat } from "../../../src/base/bytes.ts";
import { channelId } from "../../../src/base/ids.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { STANDARD_FLAGS } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInputs } from "../../../src/bitcoin/interpreter/verify.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import type { AcceptChannel2, OpenChannel2 } from "../../../src/wire/opening.ts";
import { HEIGHT } from "../../support/channel-fixtures.ts";
import type { Pair } from "../../support/channel-pair.ts";
import { attemptsOf, fundedDual, mine, namesOf, openedDual } from "../../support/dual-pair.ts";

const messageOf = <T>(pair: Pair, name: string): T =>
  pair.trace.find(({ message }) => message.name === name)?.message as T;

describe("BOLT 2 §Channel Establishment v2", () => {
  it("opens, signs the commitments, then the transaction, and both can broadcast it (CONFORMANCE 51, 53)", () => {
    const pair = fundedDual();
    expect(namesOf(pair)).to.deep.equal([
      "a open_channel2",
      "b accept_channel2",
      "a tx_add_output",
      "b tx_complete",
      "a tx_add_input",
      "b tx_complete",
      "a tx_add_output",
      "b tx_complete",
      "a tx_complete",
      "a commitment_signed",
      "b commitment_signed",
      "b tx_signatures",
      "a tx_signatures",
    ]);
    const { a, b } = pair.parties;
    expect([a.broadcasts.length, b.broadcasts.length]).to.deep.equal([1, 1]);
    const [tx] = a.broadcasts;
    const [attempt] = attemptsOf(pair);
    if (tx === undefined || attempt === undefined) throw new Error("broadcast");
    expect(b.broadcasts[0]).to.deep.equal(tx);
    const spent = attempt.constructed.inputs.map(({ spends }) => spends);
    expect(verifyInputs(tx, spent, STANDARD_FLAGS)).to.deep.equal({ ok: true, value: undefined });
    mine(pair, attempt.params.funding.txid);
    expect([a.state.tag, b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    expect(a.funded.commitments.balance).to.deep.equal({ local: 1_000_000_000n, remote: 0n });
    pair.offer("a", 100_000_000n);
    pair.settle();
    expect(b.incoming.size).to.equal(1);
  });
  it("is funded by both, and each holds what it put in", () => {
    const pair = fundedDual({ joins: 400_000n });
    const { a, b } = pair.parties;
    expect(a.funded.params.capacity).to.equal(1_400_000n);
    expect(a.funded.commitments.balance).to.deep.equal({ local: 1_000_000_000n, remote: 400_000_000n });
    expect(b.funded.commitments.balance).to.deep.equal({ local: 400_000_000n, remote: 1_000_000_000n });
    const [attempt] = attemptsOf(pair);
    if (attempt === undefined) throw new Error("signed");
    expect(attempt.constructed.inputs.map(({ from }) => from).sort()).to.deep.equal(["local", "remote"]);
    mine(pair, attempt.params.funding.txid);
    pair.offer("b", 100_000_000n);
    pair.settle();
    expect(a.incoming.size).to.equal(1);
  });
  it("CONFORMANCE 52: who put in less signs first", () => {
    const less = fundedDual({ joins: 400_000n });
    expect(namesOf(less).filter((name) => name.endsWith("tx_signatures"))).to.deep.equal([
      "b tx_signatures",
      "a tx_signatures",
    ]);
    const pair = openedDual({ contribution: 100_000n, joins: 4_000_000n });
    pair.parties.a.wallet.coins.splice(0, 1);
    pair.settle();
    expect(namesOf(pair).filter((name) => name.endsWith("tx_signatures"))).to.deep.equal([
      "a tx_signatures",
      "b tx_signatures",
    ]);
  });
  it("CONFORMANCE 25: the channel's id is that of both revocation basepoints, the lesser first", () => {
    const pair = fundedDual();
    const { a, b } = pair.parties;
    const points = [a.keys.revocationBasepoint, b.keys.revocationBasepoint];
    const sorted =
      Buffer.compare(points[0] as Uint8Array, points[1] as Uint8Array) < 0 ? points : [points[1], points[0]];
    const id = channelId(sha256(concat(...(sorted as Uint8Array[]))));
    expect([a.funded.params.channelId, b.funded.params.channelId]).to.deep.equal([id, id]);
    expect(dualChannelId(...(points as [Uint8Array, Uint8Array]))).to.equal(id);
    const open = messageOf<OpenChannel2>(pair, "open_channel2");
    const zero = channelId(sha256(concat(new Uint8Array(33), a.keys.revocationBasepoint)));
    expect(open.temporary_channel_id).to.equal(zero);
    expect(messageOf<AcceptChannel2>(pair, "accept_channel2").temporary_channel_id).to.equal(zero);
  });
  it("CONFORMANCE 58: the type stands in both messages, the reserve is a hundredth, and no HTLC is signed for", () => {
    const pair = fundedDual({ joins: 400_050n });
    const { a } = pair.parties;
    expect([a.funded.params.local.channelReserve, a.funded.params.remote.channelReserve]).to.deep.equal([
      14_000n,
      14_000n,
    ]);
    const open = messageOf<OpenChannel2>(pair, "open_channel2");
    const accept = messageOf<AcceptChannel2>(pair, "accept_channel2");
    expect(open.channel_type).to.deep.equal(Uint8Array.of(0x40, 0x10, 0x00));
    expect(accept.channel_type).to.deep.equal(open.channel_type);
    const small = fundedDual({ contribution: 30_000n });
    expect(small.parties.a.funded.params.local.channelReserve, "at least the dust limit").to.equal(354n);
    const { channel_type: _, ...untyped } = open;
    const refused = openedDual();
    refused.queues.b.length = 0;
    refused.give("b", { tag: "PeerMessage", message: untyped });
    expect(refused.parties.b.state).to.deep.equal({ tag: "Aborted", reason: "bad opening, rule channel_type" });
  });
  it("CONFORMANCE 53: no tx_signatures before the peer's valid commitment_signed", () => {
    const pair = openedDual({ joins: 400_000n });
    while (!namesOf(pair).includes("b commitment_signed")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    const { a, b } = pair.parties;
    expect([a.state.tag, b.state.tag]).to.deep.equal(["WaitForFundingSignatures", "WaitForFundingSignatures"]);
    const commitment = pair.trace.findLast(
      ({ message }) => message.name === "commitment_signed" && message.channel_id !== undefined,
    );
    const good = commitment?.message as { name: "commitment_signed"; signature: Uint8Array } & Record<string, unknown>;
    const signature = good.signature.slice();
    signature[5] = (signature[5] as number) ^ 1;
    pair.queues.a.length = 0;
    pair.give("a", { tag: "PeerMessage", message: { ...good, signature } as never });
    expect(namesOf(pair)).to.not.include("a tx_signatures");
    expect(a.state.tag, "nothing of ours was in it").to.equal("Closed");
    expect(a.wallet.isFree).to.equal(true);
    expect(a.broadcasts).to.deep.equal([]);
  });
  it("CONFORMANCE 53: what is signed for is on disk before commitment_signed and before tx_signatures leave", () => {
    const pair = openedDual({ joins: 400_000n });
    const kept: string[] = [];
    const { a, b } = pair.parties;
    while (pair.deliver("b") || pair.deliver("a")) {
      const sent = pair.trace.at(-1);
      if (sent?.message.name !== "commitment_signed" && sent?.message.name !== "tx_signatures") continue;
      const { disk } = pair.parties[sent.from];
      const read = disk && decodeChannel(disk);
      kept.push(`${sent.from} ${sent.message.name}: ${read?.ok ? read.value.tag : "nothing"}`);
    }
    expect(kept.filter((line, at) => kept.indexOf(line) === at)).to.deep.equal([
      "a commitment_signed: WaitForFundingSignatures",
      "b commitment_signed: WaitForFundingSignatures",
      "b tx_signatures: WaitForFundingConfirmed",
      "a tx_signatures: WaitForFundingConfirmed",
    ]);
    expect([a.broadcasts.length, b.broadcasts.length]).to.deep.equal([1, 1]);
  });
  it("goes on alone where the wallet of the accepter cannot pay", () => {
    const pair = openedDual({ joins: 9_000_000n });
    pair.settle();
    expect(pair.parties.b.funded.params.capacity).to.equal(1_000_000n);
  });
  it("adds nothing to a channel whose funding is dear", () => {
    const pair = fundedDual({ joins: 400_000n, fundingFeerate: 2_001 });
    expect(pair.parties.b.funded.params.capacity).to.equal(1_000_000n);
  });
  it("is forgotten when the opener's wallet cannot pay, and says so", () => {
    const pair = openedDual({ contribution: 9_000_000n });
    pair.settle();
    expect(namesOf(pair).slice(-2)).to.deep.equal(["a tx_abort", "b tx_abort"]);
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Aborted", "Aborted"]);
  });
  it("refuses what v1 would refuse, and what only v2 can get wrong", () => {
    const rule = (change: Partial<OpenChannel2>): string => {
      const pair = openedDual();
      const open = messageOf<OpenChannel2>(pair, "open_channel2");
      pair.give("b", { tag: "PeerMessage", message: { ...open, ...change } });
      const { state } = pair.parties.b;
      return state.tag === "Aborted" ? state.reason.replace("bad opening, rule ", "") : state.tag;
    };
    expect(rule({ funding_satoshis: sat(19_999n) })).to.equal("capacity");
    expect(rule({ locktime: HEIGHT + 145 })).to.equal("locktime");
    expect(rule({ locktime: 500_000_000 })).to.equal("locktime");
    expect(rule({ funding_feerate_perkw: 252 as never })).to.equal("funding_feerate");
    expect(rule({ commitment_feerate_perkw: 252 as never })).to.equal("feerate");
    expect(rule({ dust_limit_satoshis: sat(353n) })).to.equal("dust_limit");
    expect(rule({ second_per_commitment_point: Uint8Array.of(2, ...new Uint8Array(31), 5) })).to.equal("public_key");
    // Anchors of 660 sat, fees of 1,124 weight units, and a reserve of 354 sat.
    expect(rule({ funding_satoshis: sat(20_000n), commitment_feerate_perkw: satPerKw(17_300) })).to.equal(
      "unaffordable_fee",
    );
    expect(rule({ funding_satoshis: sat(20_000n), commitment_feerate_perkw: satPerKw(17_100) })).to.equal(
      "both_below_reserve",
    );
    // A peer whose chain is a day ahead of ours, as after a day in which we were off.
    expect(rule({ locktime: HEIGHT + 144 })).to.equal("ConstructingFunding");
    expect(rule({})).to.equal("ConstructingFunding");
  });
});
