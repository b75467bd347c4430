import { progressOf } from "../../channels/onchain/progress.ts";
import { feedPump } from "../../src/adapters/chain/feed-pump.ts";
import { outpointKey } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { blockHashOf } from "../../src/bitcoin/block.ts";
import { HEIGHT, type Name, Pair } from "./channel-pair.ts";
import type { Court } from "./court.ts";
import { hear, watch } from "./hearing.ts";

/** What a side is after it, started from an old record, has heard the blocks of the best chain once, from below the funding on. */
export function replayed(court: Court, name: Name, disk: Uint8Array): Pair {
  const pair = new Pair();
  pair.compare = false;
  pair.connected = false;
  const party = pair.parties[name];
  party.policy = court.pair.parties[name].policy;
  for (const [number, htlcs] of court.pair.parties[name].revoked) party.revoked.set(number, htlcs);
  pair.load(name, disk);
  const { brain } = court.chain;
  const tasks: (() => void)[] = [];
  const horizon = () => brain.chain.tip;
  const pump = feedPump({ brain, horizon, schedule: (task) => void tasks.push(task) });
  let told = 0;
  const listen = (): void => {
    for (const effect of party.log.slice(told)) watch(pump, effect);
    told = party.log.length;
  };
  pair.give(name, { tag: "Resume" });
  pair.give(name, { tag: "FundingReorged" });
  listen();
  const { header } = present(court.chain.whole.blockAt(HEIGHT), "the block before the funding");
  pump.start({ height: HEIGHT, hash: blockHashOf(header) }, (events) => {
    for (const event of events) if (event.tag !== "SpendSeen") hear(pair, name, event);
    listen();
  });
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  pump.stop();
  return pair;
}

/**
 * What a side knows of the chain and makes of it. Without what no chain tells: how and when it came to give the channel
 * up, which preimages it has seen and which failures it has told upstream. That stays, whatever becomes of a block.
 */
export function standing(pair: Pair, name: Name): unknown {
  const { state } = pair.parties[name];
  if (state.tag !== "Failed") return { ...state, link: undefined };
  const progress = progressOf(pair.env(name), state);
  const { failedAt: _since, cause: _cause, commitment: _ours, link: _link, givenUp: _told, ...facts } = state;
  const spends = [...state.spends].sort((a, b) => (outpointKey(a.outpoint) < outpointKey(b.outpoint) ? -1 : 1));
  const htlcs = state.commitments.htlcs.map((htlc) => ({ ...htlc, preimage: undefined }));
  return { ...facts, commitments: { ...state.commitments, htlcs }, spends, progress };
}
