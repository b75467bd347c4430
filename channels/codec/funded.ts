import { type Codec, type Fields, optional, refine, struct } from "../../src/codec/codec.ts";
import { flag, shortChannelId, signature } from "../../src/codec/primitives.ts";
import type { FundingAttempts } from "../dual/state.ts";
import { OFFLINE } from "../link/state.ts";
import type { ChannelParams } from "../params.ts";
import type { Commitments, Funded } from "../state.ts";
import { progress } from "./fundings.ts";

const pair = struct({ nodeSignature: signature, bitcoinSignature: signature });
const fields = {
  funding: progress,
  ready: struct({ local: flag, remote: flag }),
  remoteAlias: optional(shortChannelId),
  announcement: struct({ local: optional(pair), remote: optional(pair) }),
};
/** A channel is loaded without a connection. */
const offlineOnLoad = <T extends object>(codec: Codec<T>): Codec<T & Pick<Funded, "link">> =>
  refine(
    "offline",
    codec,
    (value) => ({ ...value, link: OFFLINE }),
    (value) => value,
  );

/** What every channel has whose funding transaction is signed for, with the `extra` of one state. */
export const funded = <F extends Fields>({ params, commitments, attempts }: Parts, extra: F) =>
  offlineOnLoad(struct({ params, commitments, ...fields, attempts, ...extra }));
/** What versions of the record write in different ways. */
export interface Parts {
  readonly params: Codec<ChannelParams>;
  readonly commitments: Codec<Commitments>;
  readonly attempts: Codec<FundingAttempts>;
}
