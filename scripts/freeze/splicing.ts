import type { ChannelMessage } from "../../channels/index.ts";
import { assert } from "../../src/base/result.ts";
import type { Name } from "../../test/support/channel-pair.ts";
import { Stage } from "../../test/support/splice-stage.ts";
import type { Freezer } from "../freeze-vectors.ts";

/**
 * Message flows of splices between two nodes of our own, in the layout of BOLT 2's. Alice begins each splice, adds most and
 * signs last. What a reconnection lacks stands in `retransmit_flags`.
 */
type Side = "alice" | "bob";
/** `lost`: the connection breaks before it arrives. */
type Say = `${Side} ${string}` | `${Side} ${string} lost`;
type Act = Say | "construct" | "cut" | `compare ${Side | "both"}`;
interface Plan {
  readonly name: string;
  readonly number: number;
  /** The fundings of the flow, in the order in which they are made. */
  readonly fundings: readonly string[];
  readonly acts: readonly Act[];
}
const QUIET: readonly Act[] = ["alice stfu", "bob stfu"];
const MADE: readonly Act[] = ["construct", "alice tx_complete", "bob tx_complete"];
const COMMITTED: readonly Act[] = ["alice commitment_signed", "bob commitment_signed"];
const SIGNED: readonly Act[] = ["bob tx_signatures", "alice tx_signatures", "compare both"];
const BEGUN: readonly Act[] = [...QUIET, "alice splice_init", "bob splice_ack", ...MADE];
const SPLICED: readonly Act[] = [...BEGUN, ...COMMITTED, ...SIGNED];
const REPLACED: readonly Act[] = [...QUIET, "alice tx_init_rbf", "bob tx_ack_rbf", ...MADE, ...COMMITTED, ...SIGNED];
const MET: readonly Act[] = ["alice channel_reestablish", "bob channel_reestablish"];
const batch = (side: Side, fundings: number): readonly Act[] => [
  `${side} start_batch`,
  ...Array<Act>(fundings).fill(`${side} commitment_signed`),
];
/** An HTLC of Bob's, committed to on so many fundings by both. */
const updated = (fundings: number): readonly Act[] => [
  "bob update_add_htlc",
  ...batch("bob", fundings),
  "alice revoke_and_ack",
  ...batch("alice", fundings),
  "bob revoke_and_ack",
  "compare both",
];
const TWO = ["FundingTx1", "FundingTx2"];

const PLANS: readonly Plan[] = [
  {
    name: "used-while-it-waits-and-locked",
    number: 4,
    fundings: TWO,
    acts: [
      ...SPLICED,
      ...updated(2),
      "bob splice_locked",
      "compare both",
      "alice splice_locked",
      "compare both",
      "alice update_add_htlc",
      "alice commitment_signed",
      "bob revoke_and_ack",
    ],
  },
  {
    name: "replaced-and-used-on-three-fundings",
    number: 6,
    fundings: ["FundingTx1", "FundingTx2a", "FundingTx2b"],
    acts: [...SPLICED, ...REPLACED, ...updated(3)],
  },
  {
    name: "cut-before-either-commitment-signed",
    number: 0,
    fundings: TWO,
    acts: [...BEGUN, "alice commitment_signed lost", "cut", ...MET, ...COMMITTED, ...SIGNED],
  },
  {
    name: "cut-before-the-second-commitment-signed",
    number: 2,
    fundings: TWO,
    acts: [
      ...BEGUN,
      "alice commitment_signed",
      "bob commitment_signed lost",
      "cut",
      ...MET,
      "bob commitment_signed",
      ...SIGNED,
    ],
  },
  {
    name: "cut-before-the-last-tx-signatures",
    number: 4,
    fundings: TWO,
    acts: [
      ...BEGUN,
      ...COMMITTED,
      "bob tx_signatures",
      "alice tx_signatures lost",
      "cut",
      ...MET,
      "alice tx_signatures",
      "compare both",
    ],
  },
  {
    name: "cut-amid-a-batch",
    number: 6,
    fundings: TWO,
    acts: [
      ...SPLICED,
      "alice update_add_htlc",
      "alice start_batch",
      "alice commitment_signed",
      "alice commitment_signed lost",
      "cut",
      ...MET,
      "alice update_add_htlc",
      ...batch("alice", 2),
      "bob revoke_and_ack",
      ...batch("bob", 2),
      "alice revoke_and_ack",
      "compare both",
    ],
  },
  {
    name: "cut-before-splice-locked-arrives",
    number: 2,
    fundings: TWO,
    acts: [...SPLICED, "alice splice_locked lost", "cut", ...MET, "compare both", "bob splice_locked", "compare both"],
  },
];

const NAMES: Readonly<Record<string, string>> = { commitment_signed: "commit_sig" };
const nameOf = (side: string): Name => (side === "alice" ? "a" : "b");

/** What a flow tells of a message, besides who said it. */
function detailsOf(stage: Stage, message: ChannelMessage): object {
  const named = (txid: string | undefined): string | null =>
    [...stage.fundings].find(([, known]) => known === txid)?.[0] ?? null;
  switch (message.name) {
    case "start_batch":
      return { batch_size: message.batch_size };
    case "commitment_signed":
      return message.funding_txid === undefined ? {} : { funding_txid: named(message.funding_txid) };
    case "splice_locked":
      return { splice_txid: named(message.splice_txid) };
    case "channel_reestablish":
      return {
        next_commitment_number: Number(message.next_commitment_number),
        next_revocation_number: Number(message.next_revocation_number),
        next_funding_txid: named(message.next_funding?.next_funding_txid),
        my_current_funding_locked: named(message.my_current_funding_locked?.my_current_funding_locked_txid),
        retransmit_flags: message.next_funding?.retransmit_flags ?? 0,
      };
    default:
      return {};
  }
}

function compared(stage: Stage, who: string): object {
  const [first, second] = (who === "both" ? (["a", "b"] as const) : ([nameOf(who), nameOf(who)] as const)).map((name) =>
    stage.active(name).map((txid) => [...stage.fundings].find(([, known]) => known === txid)?.[0]),
  );
  assert(JSON.stringify(first) === JSON.stringify(second), "both have the same fundings");
  const number = Math.min(stage.number("a"), stage.number("b"));
  return { event: "active_commitments", who, commitment_number: number, fundings: first };
}

function play({ name, number, fundings, acts }: Plan): object {
  const stage = new Stage(number);
  const events = acts.flatMap((act): object[] => {
    const [who = "", type = "", lost] = act.split(" ");
    stage.learn(fundings);
    if (act === "construct") {
      stage.construct();
      return [{ event: "interactive_tx" }];
    }
    if (act === "cut") {
      stage.pair.disconnect();
      stage.pair.connect();
      return [{ event: "disconnect_reconnect" }];
    }
    if (who === "compare") return [compared(stage, type)];
    const said = { event: "message", from: who, type: NAMES[type] ?? type, delivered: lost === undefined };
    // Alice's ends the construction: Bob's has been said before it.
    if (act === "bob tx_complete") return [said];
    const message = stage.next(nameOf(who), type);
    assert(message.name === type, `${name}: ${message.name} is said, and not ${act}`);
    const told = { ...said, ...detailsOf(stage, message) };
    stage.take(nameOf(who), lost === undefined);
    return [told];
  });
  return { name, initial: { commitment_number: number, fundings: ["FundingTx1"] }, events };
}

export const freezers: readonly Freezer[] = [
  { path: "bolts/bolt02/splicing-flows.json", make: () => ({ flows: PLANS.map(play) }) },
];
