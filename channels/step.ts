import type { ChannelEnv } from "./env.ts";
import type { ChannelInput } from "./input.ts";
import type { ChannelState } from "./state.ts";
import { stay, type Transition } from "./transition.ts";

/** Total, synchronous and deterministic: same arguments, same answer, on any machine, for ever. */
export function step(_env: ChannelEnv, _state: ChannelState, _input: ChannelInput): Transition {
  return stay();
}
