/** What must hold in every world, whatever the peer, the disk or the chain did. DESIGN §10, RELIABILITY §3. */
export const RULES = {
  conservation: "no millisatoshi is made or lost, over balances, HTLCs, fees and coins",
  commitments_equal: "when a channel is quiet, both sides hold the same commitments",
  durable_first: "nothing leaves before what it rests on is durable",
  revoked_state: "a commitment number is signed once, and a revoked state never again",
  publishable: "the newest commitment on disk could be published: it is fully signed",
  one_end: "every payment reaches exactly one end",
  fulfilled_upstream: "fulfilled downstream means fulfilled upstream",
  failed_upstream: "an HTLC is failed upstream only after it is irrevocably gone downstream",
  honest_funds: "an honest node ends with what its channels left it, less the fees it chose",
  no_loot: "a cheat ends with nothing of its channel but what nobody would fetch",
  no_failure: "no channel fails but for a reason that the world has planned",
  no_warning: "no honest node finds anything to warn another one of",
  no_halt: "no node stops by itself",
  bounded_queues: "every queue stays within its bound",
  durable_prefix: "after a crash the store holds a prefix of what was written, with everything acknowledged",
  liveness: "with honest peers and delivery everything comes to its end",
} as const;
export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  /** The node at fault; empty for the world as a whole. */
  readonly node: string;
  readonly detail: string;
}
export const showViolation = ({ rule, node, detail }: Violation): string =>
  `${rule}${node === "" ? "" : ` at ${node}`}: ${detail} (${RULES[rule]})`;
