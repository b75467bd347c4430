import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import type { Closing } from "../../../channels/state.ts";
import { sat } from "../../../src/base/units.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { ClosingComplete, ClosingSig } from "../../../src/wire/closing.ts";
import { type Name, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, proposedBy, shut, simple } from "../../support/closing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const warnings = (pair: Pair, name: Name): readonly string[] =>
  pair.parties[name].take("SendWarning").map(({ text }) => text);
const sent = (pair: Pair, from: Name, name: "closing_complete" | "closing_sig"): readonly ClosingComplete[] =>
  pair.trace.flatMap((one) => (one.from === from && one.message.name === name ? [one.message as ClosingComplete] : []));

describe("BOLT 2 §Closing Negotiation: closing_complete and closing_sig: what a peer may not do", () => {
  const refusals: readonly (readonly [string, Parameters<typeof proposedBy>[2], string])[] = [
    ["CONFORMANCE 112: pays more than it has", undefined, "bad closing fee"],
    ["CONFORMANCE 113: pays us elsewhere", { closeeScript: SCRIPT.b }, "closing to another script"],
    [
      "CONFORMANCE 110: wants to be paid to P2PKH",
      { closerScript: Uint8Array.of(0x76, 0xa9, 20, ...new Uint8Array(20), 0x88, 0xac) },
      "bad closer script",
    ],
  ];
  for (const [what, proposed, text] of refusals)
    it(`${what}: it is warned and parted with, and nothing is signed`, () => {
      const pair = shut(simple());
      const message = proposedBy(pair, "b", proposed);
      tell(pair, "a", proposed === undefined ? { ...message, fee_satoshis: sat(400_001n) } : message);
      expect(pair.parties.a.take("SendWarning")).to.deep.include({
        tag: "SendWarning",
        channelId: message.channel_id,
        text,
        disconnect: true,
      });
      expect(sent(pair, "a", "closing_sig")).to.deep.equal([]);
      expect(pair.parties.a.state.tag).to.equal("Negotiating");
    });
  it("CONFORMANCE 111: leave the script that it promised at the opening", () => {
    const pair = shut(simple());
    const { a } = pair.parties;
    const remote = { ...a.funded.params.remote, upfrontShutdownScript: SCRIPT.b };
    a.state = { ...a.funded, params: { ...a.funded.params, remote } } as Closing;
    tell(pair, "a", proposedBy(pair, "b", { closerScript: SCRIPT.a }));
    expect(warnings(pair, "a")).to.deep.equal(["shutdown script changed"]);
  });
  it("CONFORMANCE 113: sign another transaction, or with a high S", () => {
    for (const spoil of [
      ({ closer_and_closee_outputs: signature }: ClosingComplete) =>
        signature?.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
      ({ closer_and_closee_outputs: signature }: ClosingComplete) => {
        const high = (signature as Uint8Array).slice();
        high.set(secp256k1.negateSecret(high.subarray(32)), 32);
        return high;
      },
    ]) {
      const pair = shut(simple());
      const message = proposedBy(pair, "b");
      tell(pair, "a", { ...message, closer_and_closee_outputs: spoil(message) as Uint8Array });
      expect(warnings(pair, "a")).to.deep.equal(["bad closing signature"]);
    }
  });
  it("CONFORMANCE 113: propose before anything is agreed, or while HTLCs are pending", () => {
    const pair = simple();
    pair.offer("a", 1_000_000n);
    pair.settle();
    close(pair, "b");
    pair.settle();
    tell(pair, "a", proposedBy(pair, "b"));
    expect(warnings(pair, "a")).to.deep.equal(["unexpected message, message closing_complete, state ShuttingDown"]);
  });

  describe("answer with a closing_sig that does not answer", () => {
    type Changes = { readonly [K in keyof ClosingSig]?: ClosingSig[K] | undefined };
    /** a has proposed; b's good answer is changed by the test before it arrives. */
    function answer(change: (good: ClosingSig) => Changes): readonly string[] {
      const pair = shut(simple());
      while (sent(pair, "b", "closing_sig").length === 0) pair.deliver("b");
      pair.queues.a.length = 0;
      const good = sent(pair, "b", "closing_sig")[0] as unknown as ClosingSig;
      const entries = Object.entries({ ...good, ...change(good) }).filter(([, value]) => value !== undefined);
      tell(pair, "a", Object.fromEntries(entries) as unknown as ClosingSig);
      return warnings(pair, "a");
    }
    const MISMATCH = ["closing sig of another"];
    it("CONFORMANCE 113: takes the good one", () => {
      expect(answer(() => ({}))).to.deep.equal([]);
    });
    it("CONFORMANCE 113: every field must be as it was proposed", () => {
      expect(answer(({ fee_satoshis: fee }) => ({ fee_satoshis: sat(fee + 1n) }))).to.deep.equal(MISMATCH);
      expect(answer(() => ({ locktime: 1 }))).to.deep.equal(MISMATCH);
      expect(answer(() => ({ closer_scriptpubkey: SCRIPT.b }))).to.deep.equal(MISMATCH);
      expect(answer(() => ({ closee_scriptpubkey: SCRIPT.a }))).to.deep.equal(MISMATCH);
    });
    it("CONFORMANCE 112: exactly one signature, under a form that was signed", () => {
      const wrong = ["wrong closing forms"];
      expect(answer(({ closer_and_closee_outputs: one }) => ({ closer_output_only: one }))).to.deep.equal(wrong);
      expect(answer(() => ({ closer_and_closee_outputs: undefined }))).to.deep.equal(wrong);
      expect(
        answer(({ closer_and_closee_outputs: one }) => ({
          closee_output_only: one,
          closer_and_closee_outputs: undefined,
        })),
      ).to.deep.equal(wrong);
    });
    it("CONFORMANCE 113: the signature must be good", () => {
      const bad = (good: ClosingSig) =>
        (good.closer_and_closee_outputs as Uint8Array).map((byte, at) => (at ? byte : byte ^ 1));
      expect(answer((good) => ({ closer_and_closee_outputs: bad(good) }))).to.deep.equal(["bad closing signature"]);
    });
    it("CONFORMANCE 113: one that was not asked for is out of turn", () => {
      const pair = simple();
      close(pair, "a");
      pair.settle();
      tell(pair, "a", sent(pair, "b", "closing_sig")[0] as unknown as ClosingSig);
      expect(warnings(pair, "a")).to.deep.equal(["unexpected message, message closing_sig, state Closing"]);
    });
  });
});
