import { expect } from "chai";
import { type ChannelMessage, explain } from "../../../channels/index.ts";
import { findSecret, secretIndex } from "../../../channels/keys/commitment-secrets.ts";
import type { ChannelReestablish } from "../../../src/wire/updates.ts";
import { type Name, normal, type Pair } from "../../support/channel-pair.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });

describe("RELIABILITY C28, P5: one side has lost data (CONFORMANCE 119, 120)", () => {
  /** a's records, oldest first, over a few payments in both directions. */
  function history(): { readonly pair: Pair; readonly records: Uint8Array[] } {
    const pair = normal();
    const records: Uint8Array[] = [];
    const keep = (): void => {
      const { disk } = pair.parties.a;
      if (disk !== undefined && records.at(-1) !== disk) records.push(disk);
    };
    for (let round = 0; round < 4; round++) {
      pair.offer("a", 2_000_000n);
      pair.offer("b", 1_000_000n);
      for (let i = 0; i < 60; i++) {
        const moved = pair.deliver("a") || pair.deliver("b") || pair.signTurn("a") || pair.signTurn("b");
        keep();
        if (!moved) break;
      }
    }
    return { pair, records };
  }
  function reestablish(pair: Pair, change: Partial<ChannelReestablish>): void {
    pair.disconnect();
    pair.connect();
    const good = pair.trace.filter(({ from }) => from === "b").at(-1)?.message;
    if (good?.name !== "channel_reestablish") throw new Error("reestablished");
    tell(pair, "a", { ...good, ...change });
  }

  it("(a) the peer claims to be ahead with a wrong secret: the channel fails, and our state stays good", () => {
    const { pair } = history();
    reestablish(pair, {
      next_commitment_number: 100n,
      next_revocation_number: 90n,
      your_last_per_commitment_secret: new Uint8Array(32).fill(1),
    });
    const { state } = pair.parties.a;
    expect(state.tag === "Failed" && state.cause).to.deep.equal({ tag: "fault", text: "reestablish unproven future" });
  });
  it("(b, c) our record is 1, 2 or many writes old: no revoked commitment is published, and the peer is asked to close", () => {
    const steps = history().records.length;
    let proven = 0;
    for (let back = 1; back < steps; back++) {
      const { pair, records } = history();
      pair.parties.a.log = [];
      pair.load("a", records[records.length - 1 - back] as Uint8Array);
      pair.disconnect();
      pair.connect();
      pair.settle();
      const { a, b } = pair.parties;
      const state = a.state;
      // A record that differs in nothing the peer knows of is not old.
      if (state.tag === "Normal") continue;
      if (state.tag !== "Failed") throw new Error(state.tag);
      const { number } = state.commitments.local;
      // Only our own signature got lost: that is no proof, and what we hold is the newest that we could publish.
      if (state.commitment !== undefined)
        expect(findSecret(b.funded.commitments.secrets, secretIndex(number)), `${back} back`).to.equal(undefined);
      if (state.cause.tag === "data_lost") {
        proven++;
        expect(a.take("NeedSignatures"), `${back} back`).to.deep.equal([]);
        expect(a.take("Broadcast")).to.deep.equal([]);
        expect(a.take("SendError")[0]?.text).to.equal("our state is behind yours: please close the channel");
      }
    }
    expect(proven).to.be.greaterThan(10);
  });
  it("keeps the mark over a restart, and shows the peer its numbers again", () => {
    const { pair, records } = history();
    pair.load("a", records[0] as Uint8Array);
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.crash("a");
    const mark = pair.trace.length;
    pair.connect();
    expect(
      pair.trace
        .slice(mark)
        .filter(({ from }) => from === "a")
        .map(({ message }) => message.name),
    ).to.deep.equal(["channel_reestablish", "error"]);
    expect(pair.parties.a.state.tag === "Failed" && pair.parties.a.state.cause.tag).to.equal("data_lost");
  });
  it("fails at once on next_commitment_number 0", () => {
    const { pair } = history();
    reestablish(pair, { next_commitment_number: 0n });
    expect(pair.parties.a.take("SendError")[0]?.text).to.equal("reestablish lost state");
    expect(explain(pair.env("a"), pair.parties.a.funded).why).to.equal(
      "The peer has shown that it lost its record of it: only we can close it.",
    );
  });
  it("fails when the peer has gone back, or shows a wrong secret for the right number", () => {
    for (const [change, text] of [
      [{ next_commitment_number: 1n }, "reestablish lost state"],
      [{ your_last_per_commitment_secret: new Uint8Array(32).fill(1) }, "reestablish wrong secret"],
    ] as const) {
      const { pair } = history();
      reestablish(pair, change);
      expect(pair.parties.a.take("SendError")[0]?.text).to.equal(text);
    }
  });
});
