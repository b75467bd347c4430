import { type ChannelPolicy, closingReserve } from "../../channels/index.ts";
import { type Sat, sat } from "../base/units.ts";
import type { ChannelEntry } from "./channel-table.ts";

/** What the wallet keeps for closing channels against their peers' will: for each that may still have to be, in sat. */
export const reserveOf = (channels: readonly ChannelEntry[], policy: ChannelPolicy, more = 0): Sat =>
  sat(closingReserve(policy.reserveFeerate) * BigInt(channels.filter(mayNeedFees).length + more));

/** Money is in it, and no transaction of both sides divides it yet. */
const mayNeedFees = ({ state }: ChannelEntry): boolean =>
  "commitments" in state && !(state.tag === "Closing" && state.confirmed !== undefined);
