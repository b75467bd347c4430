import { refuse } from "../fault.ts";
import type { Json } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import { blockHash, optional, whole } from "../params.ts";

/** Fewer than requests that are answered at the same time, so that who waits shuts nobody out. Policy, not protocol. */
export const WAITS_MAX = 16;

const tipJson = ({ node }: RpcContext): Json => {
  const { hash, height } = node.brain.chain.tip;
  return { hash, height };
};

/** The tip once `done` holds, or when `timeout` milliseconds have passed; 0 waits for as long as it takes. */
function tipWhen(context: RpcContext, timeout: number, done: () => boolean): Json | Promise<Json> {
  const { node, gone, clock, underWay } = context;
  if (timeout < 0) return refuse("misc", "Negative timeout");
  if (done() || gone.aborted) return tipJson(context);
  if (underWay.waits >= WAITS_MAX) return refuse("misc", `${WAITS_MAX} calls wait for a block already`);
  underWay.waits++;
  return new Promise((resolve) => {
    const finish = (): void => {
      underWay.waits--;
      stopListening();
      stopClock?.();
      gone.removeEventListener("abort", finish);
      resolve(tipJson(context));
    };
    const stopListening = node.onTip(() => {
      if (done()) finish();
    });
    gone.addEventListener("abort", finish);
    const stopClock = timeout > 0 ? clock.after(timeout, finish) : undefined;
  });
}

export const waitingMethods = [
  method(
    "waitfornewblock",
    "Answers when the best block is another one than that of the call, or than the one that is named.",
    { timeout: optional(whole), current_tip: optional(blockHash) },
    (context, { timeout = 0, current_tip = context.node.brain.chain.tip.hash }) =>
      tipWhen(context, timeout, () => context.node.brain.chain.tip.hash !== current_tip),
  ),
  method(
    "waitforblock",
    "Answers when the best block is that one.",
    { blockhash: blockHash, timeout: optional(whole) },
    (context, { blockhash, timeout = 0 }) =>
      tipWhen(context, timeout, () => context.node.brain.chain.tip.hash === blockhash),
  ),
  method(
    "waitforblockheight",
    "Answers when the best block is that high.",
    { height: whole, timeout: optional(whole) },
    (context, { height, timeout = 0 }) =>
      tipWhen(context, timeout, () => context.node.brain.chain.tip.height >= height),
  ),
];
