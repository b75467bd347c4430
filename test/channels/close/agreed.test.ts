import { expect } from "chai";
import { type Sat, sat } from "../../../src/base/units.ts";
import type { ClosingSigned } from "../../../src/wire/closing.ts";
import { normal, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, closingOf } from "../../support/closing.ts";

/** Both have agreed on what the last closing_signed says; b is the one who may pay any fee of a's. */
function agreed(): { readonly pair: Pair; readonly fee: Sat; readonly closing: (fee: Sat) => ClosingSigned } {
  const pair = normal();
  close(pair, "a");
  pair.settle();
  const last = pair.trace.findLast(({ message }) => message.name === "closing_signed")?.message as ClosingSigned;
  const closing = (fee: Sat) => closingOf(pair, "a", fee, { range: [sat(100n), sat(10_000n)] });
  pair.parties.b.log = [];
  return { pair, fee: last.fee_satoshis, closing };
}
const work = ({ parties: { b } }: Pair) => [b.commits, b.broadcasts.length, b.take("NeedSignatures").length];

describe("BOLT 2 §Legacy Closing Negotiation: closing_signed, after both have signed", () => {
  it("RELIABILITY C27: what was agreed on is heard again without a signature, a write or a broadcast", () => {
    const { pair, fee, closing } = agreed();
    const before = work(pair);
    for (let again = 0; again < 20; again++) pair.give("b", { tag: "PeerMessage", message: closing(fee) });
    expect(work(pair)).to.deep.equal(before);
    expect(pair.connected).to.equal(true);
  });

  it("RELIABILITY C27: another fee ends the connection unsigned; over a new one there is one agreement more", () => {
    const { pair, fee, closing } = agreed();
    for (let connection = 1n; connection <= 3n; connection++) {
      const before = work(pair);
      for (let more = 1n; more <= 20n; more++)
        pair.give("b", { tag: "PeerMessage", message: closing(sat(fee + 100n * connection + more)) });
      expect([work(pair), pair.connected]).to.deep.equal([before, false]);
      pair.connect();
      pair.settle();
      expect(pair.parties.b.take("NeedSignatures").length <= Number(connection)).to.equal(true);
    }
    expect(pair.parties.b.state.tag).to.equal("Closing");
  });

  it("RELIABILITY C27: nothing is signed any more when a block holds one of them", () => {
    const { pair, fee, closing } = agreed();
    const [tx] = pair.parties.b.broadcasts;
    pair.disconnect();
    pair.connect();
    while (!pair.trace.some(({ from, message }) => from === "b" && message.name === "shutdown")) pair.deliver("b");
    pair.give("b", { tag: "FundingSpent", tx: tx as never, height: pair.parties.b.height });
    pair.settle();
    const before = work(pair);
    for (const more of [0n, 1n]) pair.give("b", { tag: "PeerMessage", message: closing(sat(fee + more)) });
    expect(work(pair)).to.deep.equal(before);
    expect(before.slice(1)).to.deep.equal([1, 0]);
    expect(pair.parties.b.state).to.deep.include({ tag: "Closing", tx });
  });
});

describe("BOLT 2 §Closing Initiation: shutdown, said again", () => {
  it("RELIABILITY C27: is passed over on one connection, while HTLCs are pending too", () => {
    const pair = normal();
    pair.offer("b", 50_000_000n);
    pair.settle();
    const { channelId } = pair.parties.a.funded.params;
    const message = { name: "shutdown", channel_id: channelId, scriptpubkey: SCRIPT.b } as const;
    pair.give("a", { tag: "PeerMessage", message });
    const { commits } = pair.parties.a;
    for (let again = 0; again < 20; again++) pair.give("a", { tag: "PeerMessage", message });
    expect(pair.parties.a.state.tag).to.equal("ShuttingDown");
    expect(pair.parties.a.commits).to.equal(commits);
  });
});
