import { expect } from "chai";
import { type Sat, sat, satPerKw } from "../../../src/base/units.ts";
import type { ClosingSigned } from "../../../src/wire/closing.ts";
import { normal, SCRIPT } from "../../support/channel-pair.ts";
import { closingOf } from "../../support/closing.ts";

describe("BOLT 2 §Legacy Closing Negotiation: closing_signed", () => {
  it("never signs a fee beyond its own bound, however far a peer without fee_range goes (CONFORMANCE 114)", () => {
    const pair = normal();
    pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(500) });
    while (pair.queues.b.length + pair.queues.a.length > 0 && pair.trace.at(-1)?.message.name !== "closing_signed") {
      pair.deliver("a");
      pair.deliver("b");
    }
    const first = pair.trace.at(-1)?.message as ClosingSigned;
    const fees = new Set([first.fee_satoshis]);
    const most = (first.fee_range as { max_fee_satoshis: Sat }).max_fee_satoshis;
    for (let round = 0; round < 20; round++) {
      pair.queues.b.length = 0;
      pair.give("a", { tag: "PeerMessage", message: closingOf(pair, "b", sat(599_000n)) });
      for (const { from, message } of pair.trace) {
        if (from === "a" && message.name === "closing_signed") fees.add(message.fee_satoshis);
      }
    }
    expect([...fees].every((fee) => fee <= most)).to.equal(true);
    expect(pair.parties.a.state.tag).to.equal("Negotiating");
  });
});
