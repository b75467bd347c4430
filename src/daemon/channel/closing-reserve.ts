import { type ChannelPolicy, type CommitmentFormat, closingReserve } from "../../../channels/index.ts";
import { type Sat, sumSat } from "../../base/units.ts";
import { type ChannelEntry, paramsOf } from "./table.ts";

/** What the wallet keeps for closing channels against their peers' will: for each that may still have to be, in sat. */
export const reserveOf = (
  channels: readonly ChannelEntry[],
  { reserveFeerate }: ChannelPolicy,
  more: readonly CommitmentFormat[] = [],
): Sat =>
  sumSat(
    [...channels.filter(mayNeedFees).flatMap(formatOf), ...more].map((format) =>
      closingReserve(reserveFeerate, format),
    ),
  );
const formatOf = ({ state }: ChannelEntry): CommitmentFormat | [] => paramsOf(state)?.type.format ?? [];

/** Money is in it, and no transaction of both sides divides it yet. */
const mayNeedFees = ({ state }: ChannelEntry): boolean =>
  "commitments" in state && !(state.tag === "Closing" && state.confirmed !== undefined);
