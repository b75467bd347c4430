import { ANCHORS, type ChannelPolicy, type ChannelType } from "../../channels/index.ts";
import { assert } from "../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../src/base/units.ts";
import { TEMPORARY } from "./channel-fixtures.ts";
import { Pair } from "./pair.ts";

export { isDurable } from "../../channels/index.ts";
export { hashBytes } from "../../src/base/ids.ts";
export * from "./channel-fixtures.ts";
export { Party } from "./channel-party.ts";
export { type Fault, fundedOutput, Pair } from "./pair.ts";

export interface Opening {
  readonly capacity?: bigint;
  readonly push?: bigint;
  readonly feerate?: number;
  readonly announce?: boolean;
  readonly type?: Partial<ChannelType>;
  readonly policy?: Partial<ChannelPolicy>;
  readonly shutdownScript?: Uint8Array;
}
export function opened(options: Opening = {}, pair = new Pair()): Pair {
  for (const party of [pair.parties.a, pair.parties.b])
    party.policy = { ...party.policy, formats: ["anchors", "static_remotekey"], ...options.policy };
  pair.give("a", {
    tag: "Open",
    temporaryChannelId: TEMPORARY,
    capacity: sat(options.capacity ?? 1_000_000n),
    push: msat(options.push ?? 400_000_000n),
    feerate: satPerKw(options.feerate ?? 1000),
    announce: options.announce ?? false,
    type: { ...ANCHORS, ...options.type },
    shutdownScript: options.shutdownScript,
  });
  return pair;
}
/** Both in `Normal`, 600,000 sat on a's side and 400,000 on b's, unless told otherwise. */
export function normal(options: Opening = {}): Pair {
  const pair = opened(options);
  pair.settle();
  pair.confirm();
  for (const party of [pair.parties.a, pair.parties.b]) {
    assert(party.state.tag === "Normal", `${party.name} is ready, not ${party.state.tag}`);
    party.log = [];
  }
  pair.trace.length = 0;
  return pair;
}
