import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import type { Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { mined, out, spliceable, want } from "../../support/splicing.ts";

const said = (pair: Pair) => pair.trace.flatMap(({ from, message }) => (from === "a" ? [message.name] : []));

/** a has settled an HTLC while b's splice was signed: that waits. `until` of a's has left, what b says is lost from then on. */
function signing(until: "commitment_signed" | "tx_signatures"): Pair {
  const pair = spliceable();
  pair.offer("b", 5_000_000n);
  pair.settle();
  pair.trace.length = 0;
  want(pair, "b", out(20_000n, "b"));
  for (let step = 0; step < 100 && !said(pair).includes(until); step++) if (!pair.deliver("a")) pair.deliver("b");
  pair.fulfill("a", present([...pair.parties.a.incoming.values()][0], "an HTLC"));
  pair.queues.a.length = 0;
  pair.trace.length = 0;
  return pair;
}
const LATE: readonly ChannelMessage["name"][] = ["tx_complete", "tx_add_output", "tx_remove_input"];
function late(pair: Pair, name: ChannelMessage["name"]): ChannelMessage {
  const channel_id = pair.parties.a.funded.params.channelId;
  if (name === "tx_add_output")
    return { name, channel_id, serial_id: 90n, sats: 1_000n as never, script: new Uint8Array(22) };
  return name === "tx_remove_input" ? { name, channel_id, serial_id: 2n } : { name: "tx_complete", channel_id };
}

describe("CONFORMANCE 56: a peer that goes on constructing a splice which is being signed", () => {
  for (const until of ["commitment_signed", "tx_signatures"] as const)
    for (const name of LATE)
      it(`by ${name} after our ${until} is parted with: nothing is given up that it may have mined, nor signed beside it`, () => {
        const pair = signing(until);
        const { a, b } = pair.parties;
        const before = a.funded.commitments.others;
        pair.give("a", { tag: "PeerMessage", message: late(pair, name) });
        const channel_id = a.funded.params.channelId;
        pair.give("a", { tag: "PeerMessage", message: { name: "tx_abort", channel_id, data: new Uint8Array(0) } });
        pair.signTurn("a");
        expect([said(pair), pair.connected]).to.deep.equal([["warning"], false]);
        expect([a.funded.commitments.others, a.funded.commitments.sent]).to.deep.equal([before, undefined]);
        pair.connect();
        pair.settle();
        for (const party of ["a", "b"] as const) mined(pair, party, present(before[0], "it").terms.outpoint.txid);
        pair.settle();
        expectAgreementOnAll(pair);
        expect([...b.ends.values()], "what had waited").to.deep.equal(["settled"]);
        expect([a.funded.commitments.htlcs, a.state.tag, b.state.tag]).to.deep.equal([[], "Normal", "Normal"]);
      });
});
