import type { Json } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import { blockHash, optional, whole } from "../params.ts";

const tipJson = ({ node }: RpcContext): Json => {
  const { hash, height } = node.brain.chain.tip;
  return { hash, height };
};

/** The tip once `done` holds, or when `timeout` milliseconds have passed; 0 waits for as long as it takes. */
function tipWhen(context: RpcContext, timeout: number, done: () => boolean): Json | Promise<Json> {
  if (done()) return tipJson(context);
  return new Promise((resolve) => {
    const finish = (): void => {
      stopListening();
      stopClock?.();
      context.gone.removeEventListener("abort", finish);
      resolve(tipJson(context));
    };
    const stopListening = context.node.onTip(() => {
      if (done()) finish();
    });
    context.gone.addEventListener("abort", finish);
    const stopClock = timeout > 0 ? context.clock.after(timeout, finish) : undefined;
  });
}

export const waitingMethods = [
  method(
    "waitfornewblock",
    "Answers when the best block is another one.",
    { timeout: optional(whole) },
    (context, { timeout = 0 }) => {
      const before = context.node.brain.chain.tip;
      return tipWhen(context, timeout, () => context.node.brain.chain.tip !== before);
    },
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
