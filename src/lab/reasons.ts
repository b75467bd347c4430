import { describeFault, type FailureCause } from "../../channels/index.ts";

/**
 * Why a world lets a channel fail: somebody closes it alone, a peer falls silent until deadlines pass, or one cheats; and who
 * cheats in one channel loses there what others have sent through him, and may owe it to them until deadlines pass.
 */
export type Reason = "operator" | "silence" | "cheat" | "owed";

/** What a planned reason leads to, at either end. Whoever gives a channel up says so to the other, or is seen on the chain. */
const FOLLOWS: { readonly [R in Reason]: readonly FailureCause["tag"][] } = {
  operator: ["requested", "peer_error", "funding_spent"],
  silence: ["deadline", "peer_error", "funding_spent"],
  cheat: ["peer_error", "funding_spent"],
  owed: ["deadline", "peer_error", "funding_spent"],
};

export const explains = (reasons: ReadonlySet<Reason> | undefined, cause: FailureCause): boolean =>
  [...(reasons ?? [])].some((reason) => FOLLOWS[reason].includes(cause.tag));

/**
 * Warnings between two who have done nothing wrong: a peer that died before its minute was over has lost what it was to
 * keep, and cannot know; and a wish for silence may cross a close while updates are still to come, which only parting ends.
 */
export const NOBODYS_FAULT: ReadonlySet<string> = new Set([
  "what you kept for us is outdated",
  describeFault({ code: "unexpected_message", message: "stfu", state: "ShuttingDown" }),
]);
