import { toMsat } from "../../src/base/units.ts";
import type { ChannelState } from "../state.ts";
import { COMMITMENT_NUMBER_MAX } from "../tx/commitment-number.ts";
import type { ChannelKeys } from "./channel-keys.ts";
import { type CommitmentKeys, commitmentKeys } from "./commitment-keys.ts";

/**
 * Derives what the next commitment of each side will need, so that it is at hand when somebody waits for it: work on the
 * curve that costs more than the signatures do. Changes nothing but how long the next steps take.
 */
export function deriveAhead(keys: ChannelKeys, state: ChannelState): void {
  if (state.tag !== "Normal" && state.tag !== "ShuttingDown") return;
  const { params, commitments } = state;
  const { local, remote } = params;
  const dust = toMsat(local.dustLimit < remote.dustLimit ? local.dustLimit : remote.dustLimit);
  const withHtlcs = commitments.htlcs.some(({ amount }) => amount >= dust);
  const number = commitments.local.number + 1n;
  if (number < COMMITMENT_NUMBER_MAX) {
    const ours = commitmentKeys(keys.derived, local.basepoints, remote.basepoints, keys.commitmentPoint(number));
    if (withHtlcs) deriveHtlcKeys(ours);
    // The revocation of the current commitment announces the point after the next.
    keys.commitmentPoint(number + 1n);
  }
  const point = commitments.remoteNextPoint;
  if (point === undefined) return;
  const theirs = commitmentKeys(keys.derived, remote.basepoints, local.basepoints, point);
  if (withHtlcs) deriveHtlcKeys(theirs);
}
/** To ask for them is to have them. */
const deriveHtlcKeys = (keys: CommitmentKeys): unknown => [keys.localHtlcPubkey, keys.remoteHtlcPubkey];
