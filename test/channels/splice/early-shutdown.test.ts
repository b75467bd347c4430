import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { type Name, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { mined, out, pending, spliceable, spliceBoth } from "../../support/splicing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const warnings = (pair: Pair, name: Name) => pair.parties[name].take("SendWarning").map(({ text }) => text);
const id = (pair: Pair) => pair.parties.a.funded.params.channelId;

describe("BOLT 2 §Closing Initiation: shutdown, while a splice is not locked", () => {
  for (const last of ["a", "b"] as const)
    it(`goes on with a peer that closes all the same, and closes once the splice is locked, if ${last} locks it last`, () => {
      const pair = spliceable();
      const txid = spliceBoth(pair, "a", out(50_000n));
      const shutdown = { name: "shutdown", channel_id: id(pair), scriptpubkey: SCRIPT.b } as const;
      for (let times = 0; times < 3; times++) tell(pair, "a", shutdown);
      expect([pair.connected, warnings(pair, "a")]).to.deep.equal([true, ["shutdown while a splice is not locked"]]);
      pair.offer("a", 5_000_000n);
      pair.settle();
      for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
      pair.settle();
      for (const name of last === "a" ? (["b", "a"] as const) : (["a", "b"] as const)) mined(pair, name, txid);
      pair.settle();
      expect([pair.connected, pending(pair).length]).to.deep.equal([false, 0]);
      pair.connect();
      pair.settle();
      expect(pending(pair, "b").length).to.equal(0);
      pair.give("b", { tag: "Shutdown", script: SCRIPT.b, feerate: satPerKw(500) });
      pair.settle();
      expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
    });
});
