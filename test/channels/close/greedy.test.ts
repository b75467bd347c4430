import { expect } from "chai";
import fc from "fast-check";
import type { SimpleOutputs } from "../../../channels/tx/simple-closing-tx.ts";
import { equalBytes } from "../../../src/base/bytes.ts";
import { sat } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import type { ClosingSig } from "../../../src/wire/closing.ts";
import { HEIGHT, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, closingOf, type Proposed, proposedBy, shut, simple } from "../../support/closing.ts";

/** What b, whose signatures are good, may say in a close, and what may happen besides. */
type Move =
  | { readonly tag: "propose"; readonly proposed: Proposed }
  | { readonly tag: "legacy"; readonly fee: bigint }
  | { readonly tag: "answer"; readonly fee: bigint }
  | { readonly tag: "deliver" | "reconnect" | "crash" | "block" | "raise" };
const DATA = Uint8Array.of(0x6a, 6, 1, 2, 3, 4, 5, 6);
const script = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  fc.constantFrom(SCRIPT.a, SCRIPT.b, DATA, new Uint8Array(0)),
);
const fee = fc.oneof(fc.bigInt({ min: 0n, max: 3_000n }), fc.constantFrom(399_999n, 400_000n, 400_001n, 1_000_000n));
const proposed: fc.Arbitrary<Proposed> = fc
  .record({
    fee: fee.map((drawn) => (drawn > 400_000n ? 400_000n : drawn)),
    locktime: fc.constantFrom(0, HEIGHT, 900_000, 0x2000_0001, 0xffff_ffff),
    forms: fc.oneof(
      { weight: 2, arbitrary: fc.constant<SimpleOutputs[]>(["both"]) },
      fc.subarray<SimpleOutputs>(["closer", "closee", "both"]),
    ),
    closerScript: script,
    closeeScript: script,
  })
  .map((drawn) => Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined)));
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: proposed.map((drawn) => ({ tag: "propose" as const, proposed: drawn })) },
  { weight: 2, arbitrary: fee.map((drawn) => ({ tag: "legacy" as const, fee: drawn })) },
  { weight: 2, arbitrary: fee.map((drawn) => ({ tag: "answer" as const, fee: drawn })) },
  fc
    .constantFrom(
      "deliver" as const,
      "deliver" as const,
      "reconnect" as const,
      "crash" as const,
      "block" as const,
      "raise" as const,
    )
    .map((tag) => ({ tag })),
);

function act(pair: Pair, next: Move): void {
  const { a } = pair.parties;
  switch (next.tag) {
    case "propose":
      return void pair.give("a", { tag: "PeerMessage", message: proposedBy(pair, "b", next.proposed) });
    case "legacy": {
      if (next.fee > 599_000n) return;
      return void pair.give("a", { tag: "PeerMessage", message: closingOf(pair, "b", sat(next.fee)) });
    }
    case "answer": {
      const message = {
        ...proposedBy(pair, "b", { fee: 500n }),
        name: "closing_sig" as const,
        fee_satoshis: sat(next.fee),
      };
      return void pair.give("a", { tag: "PeerMessage", message: message as ClosingSig });
    }
    case "deliver":
      if (!pair.deliver("a")) pair.deliver("b");
      return;
    case "reconnect":
    case "crash":
      if (next.tag === "crash") pair.crash("a");
      pair.disconnect();
      pair.connect();
      for (let at = 0; at < 8; at++) if (!pair.deliver("a")) pair.deliver("b");
      return;
    case "block":
      return pair.block(a.height + 3);
    case "raise":
      return void close(pair, "a", 700 + pair.trace.length * 20);
  }
}

describe("A greedy peer in a close, whose signatures are good", () => {
  it("never has a transaction that pays us less than all that we had, less the fees that we offered ourselves", function () {
    this.timeout(60_000);
    let signed = 0;
    fc.assert(
      fc.property(fc.array(move, { minLength: 25, maxLength: 25 }), (moves) => {
        const pair = shut(simple());
        for (const next of moves) act(pair, next);
        const { txid } = pair.parties.a.funded.params.funding;
        const ours = pair.parties.a.broadcasts.filter(({ inputs }) => inputs[0]?.prevout.txid === txid);
        const offered = pair.trace.flatMap(({ from, message }) =>
          from === "a" && message.name === "closing_complete" ? [message.fee_satoshis as bigint] : [],
        );
        const most = offered.reduce((highest, each) => (each > highest ? each : highest), 0n);
        for (const tx of ours.filter(isMutual)) {
          signed++;
          const paid = tx.outputs.find((output) => equalBytes(output.script, SCRIPT.a) && output.amount > 500_000n);
          expect(paid !== undefined && paid.amount >= 600_000n - most, "all but our own fee").to.equal(true);
        }
      }),
      { seed: 21, numRuns: 60 },
    );
    expect(signed, "some of it is signed").to.be.greaterThan(50);
  });
});
const isMutual = (tx: Tx): boolean => (tx.inputs[0]?.sequence ?? 0) >>> 24 === 0xff;
