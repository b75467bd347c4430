import { expect } from "chai";
import {
  type ChannelMessage,
  type Effect,
  encodeChannel,
  FRESH_MEMORY,
  sign,
  step,
  type Transition,
} from "../../channels/index.ts";
import { CHANNEL_MESSAGES } from "../../channels/messages.ts";
import type { Name, Pair } from "../support/channel-pair.ts";
import { atExtremes, withoutPoint } from "../support/extremes.ts";
import { LIVES } from "../support/lives.ts";

/** What would come of a message, of which nothing is kept. What the machine has signed for it is answered. */
function tried(pair: Pair, name: Name, message: ChannelMessage): readonly Effect[] {
  const env = pair.env(name);
  const { state, secrets } = pair.parties[name];
  const encoded = (transition: Transition): Transition => {
    if (transition.kind === "commit") encodeChannel(transition.next);
    return transition;
  };
  try {
    const first = encoded(step(env, state, { tag: "PeerMessage", message }));
    const asked = first.effects.find((effect) => effect.tag === "NeedSignatures");
    if (asked?.tag !== "NeedSignatures" || first.kind === "stay") return first.effects;
    const signed = sign(secrets, FRESH_MEMORY, asked.request);
    if (signed.ok) encoded(step(env, first.next, { tag: "Signatures", signatures: signed.value.signatures }));
    return first.effects;
  } catch (error) {
    const shown = JSON.stringify(message, (_, value) => (typeof value === "bigint" ? String(value) : value));
    throw new Error(`${name} in ${state.tag} on ${shown.slice(0, 400)}`, { cause: error });
  }
}
const isRefusal = (effect: Effect): boolean =>
  effect.tag === "SendError" ||
  effect.tag === "SendWarning" ||
  (effect.tag === "Propose" && effect.message.name === "tx_abort");

describe("A peer that says what is expected, with one field at an extreme", () => {
  it("is heard with every message of a channel, but for those that take something back or end it", () => {
    const heard = new Set<string>();
    for (const live of Object.values(LIVES)) live((_pair, _name, message) => heard.add(message.name));
    const unheard = CHANNEL_MESSAGES.filter((name) => !heard.has(name));
    expect(unheard).to.have.members(["tx_remove_input", "tx_remove_output", "tx_abort", "error", "warning"]);
  });
  for (const [life, live] of Object.entries(LIVES))
    it(`makes no step throw: ${life}`, function () {
      this.timeout(60_000);
      let count = 0;
      live((pair, name, message) => {
        for (const changed of atExtremes(message)) {
          tried(pair, name, changed as ChannelMessage);
          count++;
        }
      });
      expect(count).to.be.greaterThan(200);
    });
});

describe("RELIABILITY K4: what is no point of the curve, in a message about a channel", () => {
  it("is refused wherever one is taken for a key, and nowhere else looked at", () => {
    const asked = new Set<string>();
    const taken = new Set<string>();
    for (const live of Object.values(LIVES))
      live((pair, name, message) => {
        const { state } = pair.parties[name];
        // Said again it is read for its alias alone.
        if (message.name === "channel_ready" && "ready" in state && state.ready.remote) return;
        for (const [field, changed] of withoutPoint(message)) {
          asked.add(`${message.name}.${field}`);
          if (!tried(pair, name, changed as ChannelMessage).some(isRefusal)) taken.add(`${message.name}.${field}`);
        }
      });
    expect(asked.size).to.equal(31);
    expect([...taken]).to.deep.equal(["channel_reestablish.my_current_per_commitment_point"]);
  });
});
