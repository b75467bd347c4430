import { expect } from "chai";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import type { ChannelReestablish } from "../../../src/wire/updates.ts";
import { HEIGHT, normal, type Pair, SCRIPT } from "../../support/channel-pair.ts";

describe("BOLT 2 §Message Retransmission: a channel that both have agreed to close", () => {
  function closing(): Pair {
    const pair = normal();
    pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(500) });
    pair.settle();
    pair.disconnect();
    pair.parties.a.log = [];
    return pair;
  }
  const said = (pair: Pair): string[] => pair.parties.a.take("Bind").map(({ message }) => message.name);

  it("is not spoken of once its end is in the chain, unless a reorganisation takes that away", () => {
    const pair = closing();
    const tx = pair.parties.a.broadcasts.at(-1) as Tx;
    pair.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
    pair.give("a", { tag: "Connected" });
    expect(said(pair)).to.deep.equal([]);
    pair.give("a", { tag: "Disconnected" });
    pair.give("a", { tag: "SpendsReorged", height: blockHeight(HEIGHT + 10) });
    pair.give("a", { tag: "Connected" });
    expect(said(pair)).to.deep.equal(["channel_reestablish"]);
  });
  it("is no fault of a peer that has forgotten it, as LDK does as soon as it has signed", () => {
    const pair = closing();
    pair.give("a", { tag: "Connected" });
    const forgotten: ChannelReestablish = {
      name: "channel_reestablish",
      channel_id: pair.parties.a.funded.params.channelId,
      next_commitment_number: 0n,
      next_revocation_number: 0n,
      your_last_per_commitment_secret: new Uint8Array(32),
      my_current_per_commitment_point: new Uint8Array(33).fill(2),
    };
    pair.give("a", { tag: "PeerMessage", message: forgotten });
    expect(said(pair)).to.deep.equal(["channel_reestablish"]);
    expect(pair.parties.a.take("SendError")).to.deep.equal([]);
    expect(pair.parties.a.state.tag).to.equal("Closing");
  });
});
