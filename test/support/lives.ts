import { expect } from "chai";
import type { ChannelInput, ChannelMessage, Transition } from "../../channels/index.ts";
import { satPerKw } from "../../src/base/units.ts";
import { type Name, type Opening, opened, Pair, SCRIPT } from "./channel-pair.ts";
import { attemptsOf, mine, openedDual } from "./dual-pair.ts";
import { into, lockBoth, out, pending, want } from "./splicing.ts";

/** Asked before each message is heard. */
export type Probe = (pair: Pair, name: Name, message: ChannelMessage) => void;
class Probed extends Pair {
  readonly #probe: Probe;
  constructor(probe: Probe) {
    super();
    this.#probe = probe;
  }
  override give(name: Name, input: ChannelInput): Transition {
    if (input.tag === "PeerMessage") this.#probe(this, name, input.message);
    return super.give(name, input);
  }
}

const tags = ({ parties }: Pair): readonly string[] => [parties.a.state.tag, parties.b.state.tag];
function ready(probe: Probe, options: Opening, ...features: readonly number[]): Probed {
  const pair = new Probed(probe);
  pair.features = [...pair.features, ...features];
  opened(options, pair).settle();
  pair.confirm();
  return pair;
}
function reconnect(pair: Pair): void {
  pair.disconnect();
  pair.connect();
  pair.settle();
}
/** HTLCs both ways, one of each ending, a new feerate and a reconnection amid all of it. */
function traffic(pair: Pair): void {
  for (const [name, amount] of [
    ["a", 30_000_000n],
    ["b", 20_000_000n],
    ["a", 100_000n],
  ] as const)
    pair.offer(name, amount);
  for (let message = 0; message < 3; message++) pair.deliver("b");
  reconnect(pair);
  const [first, second] = [...pair.parties.b.incoming.values()];
  const [back] = [...pair.parties.a.incoming.values()];
  if (first === undefined || second === undefined || back === undefined) throw new Error("three HTLCs");
  pair.fulfill("b", first);
  pair.fail("b", second.id);
  pair.give("a", { tag: "FailMalformedHtlc", id: back.id, code: 0xc005, sha256OfOnion: new Uint8Array(32) });
  pair.give("a", { tag: "UpdateFee", feerate: satPerKw(1_500) });
  pair.settle();
}
const shutdown = (pair: Pair, name: Name): void => {
  pair.give(name, { tag: "Shutdown", script: SCRIPT[name], feerate: satPerKw(600) });
  pair.settle();
};

/** Channels from their opening on, which between them hear every message that a channel knows, in every state. */
export const LIVES: Readonly<Record<string, (probe: Probe) => void>> = {
  "opens, updates, reconnects and closes in the old way": (probe) => {
    const pair = ready(probe, { announce: true });
    traffic(pair);
    shutdown(pair, "a");
    expect(tags(pair)).to.deep.equal(["Closing", "Closing"]);
  },
  "does the same without anchors": (probe) => {
    const pair = ready(probe, { type: { format: "static_remotekey" } });
    traffic(pair);
    shutdown(pair, "b");
    expect(tags(pair)).to.deep.equal(["Closing", "Closing"]);
  },
  "closes, and closes again for more": (probe) => {
    const pair = ready(probe, {}, 26, 60);
    pair.offer("a", 10_000_000n);
    pair.settle();
    pair.give("b", { tag: "Shutdown", script: SCRIPT.b, feerate: satPerKw(600) });
    pair.settle();
    for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
    pair.settle();
    reconnect(pair);
    pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(900) });
    pair.settle();
    expect(tags(pair)).to.deep.equal(["Closing", "Closing"]);
  },
  "opens together with us, and replaces the transaction": (probe) => {
    const pair = new Probed(probe);
    openedDual({ joins: 400_000n }, pair).settle();
    for (const [name, feerate] of [
      ["a", 600],
      ["b", 700],
    ] as const) {
      pair.give(name, { tag: "BumpFunding", feerate: satPerKw(feerate) });
      pair.settle();
      reconnect(pair);
    }
    const [, , third] = attemptsOf(pair);
    if (third === undefined) throw new Error("three attempts");
    mine(pair, third.params.funding.txid);
    expect(tags(pair)).to.deep.equal(["Normal", "Normal"]);
  },
  "splices in and out, replaces the splice, and locks it": (probe) => {
    const pair = ready(probe, {}, 62);
    pair.offer("a", 10_000_000n);
    pair.settle();
    for (const [name, change, feerate] of [
      ["a", into(50_000n), 1_000],
      ["b", out(50_000n, "b"), 1_500],
    ] as const) {
      want(pair, name, change, feerate);
      pair.settle();
      reconnect(pair);
      pair.offer("b", 1_000_000n);
      pair.settle();
    }
    const last = pending(pair).at(-1);
    if (last === undefined) throw new Error("a splice waits");
    lockBoth(pair, last.terms.outpoint.txid);
    traffic(pair);
    expect(tags(pair)).to.deep.equal(["Normal", "Normal"]);
  },
};
