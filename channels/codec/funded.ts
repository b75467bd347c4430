import { tx } from "../../src/bitcoin/tx.ts";
import { type Codec, type Fields, optional, refine, struct } from "../../src/codec/codec.ts";
import { flag, height, shortChannelId, signature } from "../../src/codec/primitives.ts";
import { OFFLINE } from "../link/state.ts";
import type { ChannelParams } from "../params.ts";
import type { Funded } from "../state.ts";
import { commitments } from "./commitments.ts";

const pair = struct({ nodeSignature: signature, bitcoinSignature: signature });
const fields = {
  commitments,
  funding: struct({
    since: height,
    confirmed: optional(struct({ height, shortChannelId })),
    deep: flag,
    tx: optional(tx),
  }),
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
export const funded = <F extends Fields>(params: Codec<ChannelParams>, extra: F) =>
  offlineOnLoad(struct({ params, ...fields, ...extra }));
