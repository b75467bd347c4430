import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { StaleTip } from "../../../src/daemon/chain/stale-tip.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { createEvents } from "../../../src/daemon/events.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { noLog, testClock } from "../../adapters/chain/world.ts";
import { stuck } from "../failing-street.ts";
import { invoiceOf, line, paid, soon, violations } from "../small-world.ts";

const SINCE = Date.UTC(2026, 0, 1, 12);
const HASH = "ab".repeat(32);

/** A host over a chain whose tip is as stale as the test says. */
function bench() {
  const clock = testClock();
  const store = memoryDisk().open();
  const events = createEvents(store);
  const turns = createTurns({ clock, store, onHalt: () => {} });
  const alarms: string[] = [];
  let since: number | undefined;
  let look = (): void => undefined;
  const chain = {
    staleSince: () => since,
    tip: () => ({ height: blockHeight(7), hash: HASH }),
    onProgress: (listener: () => void) => {
      look = listener;
      return () => {
        look = () => undefined;
      };
    },
  };
  const log = { ...noLog, error: (event: string) => void alarms.push(event) };
  const host = new StaleTip({ chain, events, log, turns } as unknown as NodeContext);
  const stand = async (at: number | undefined): Promise<void> => {
    since = at;
    for (let looks = 0; looks < 3; looks++) look();
    for (let turn = 0; turn < 5; turn++) {
      clock.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const kept = () => events.after(0, 10).map(({ type, data }) => [type, data]);
  return { host, stand, kept, alarms };
}

describe("B24: a stale tip", () => {
  it("is told once in the event log and the log, and again when it was fresh in between", async () => {
    const { host, stand, kept, alarms } = bench();
    host.start();
    await stand(undefined);
    expect(kept()).to.deep.equal([]);
    await stand(SINCE);
    const told = ["node.stale_tip", { height: 7, hash: HASH, since: "2026-01-01T12:00:00.000Z" }];
    expect(kept()).to.deep.equal([told]);
    await stand(undefined);
    await stand(SINCE);
    expect([kept(), alarms]).to.deep.equal([
      [told, told],
      ["chain.tip.stale", "chain.tip.stale"],
    ]);
    host.stop();
    await stand(SINCE + 1);
    expect(kept()).to.have.lengthOf(2);
  });

  it("lets a payer begin no payment, and what is paid already is told as before", async () => {
    const { world, nodes } = await line(2);
    const [payer, payee] = nodes as [LabNode, LabNode];
    const done = await invoiceOf(world, payee);
    expect((await paid(world, payer, done.bolt11)).state).to.equal("succeeded");
    const { bolt11 } = await invoiceOf(world, payee);
    world.chain.setStale(payer.name, SINCE);
    const refused = await soon(world, payer.node.pay({ bolt11 }));
    expect(refused.ok || refused.error.code).to.equal("stale_tip");
    const again = await soon(world, payer.node.pay({ bolt11: done.bolt11 }));
    expect(again.ok && again.value.state).to.equal("succeeded");
    world.chain.setStale(payer.name, undefined);
    expect((await paid(world, payer, bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });

  it("lets a router pass nothing on, with temporary_node_failure, and settle what it has passed on", async function () {
    this.timeout(30_000);
    const street = await line(3);
    const { world, nodes } = street;
    const [payer, router, payee] = nodes as [LabNode, LabNode, LabNode];
    const { payment } = await stuck(street);
    world.chain.setStale(router.name, SINCE);
    const ended = present(await soon(world, payer.node.paymentEnd(payment, 60_000), 60_000), "an end");
    expect(ended.state).to.equal("succeeded");
    const { bolt11 } = await invoiceOf(world, payee);
    const { state, failure } = await paid(world, payer, bolt11);
    expect([state, failure?.detail]).to.deep.equal(["failed", "temporary_node_failure from hop 1 of 2"]);
    expect(violations(world)).to.deep.equal([]);
  });
});
