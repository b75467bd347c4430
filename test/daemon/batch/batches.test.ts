import { expect } from "chai";
import type { NodeId } from "../../../src/base/ids.ts";
import { Batches } from "../../../src/daemon/batch/batches.ts";
import type { ChannelEntry } from "../../../src/daemon/channel/table.ts";
import type { WireMessage } from "../../../src/wire/registry.ts";

const [ALICE, BOB] = ["02aa" as NodeId, "02bb" as NodeId];
const entry = (isOpen: boolean) =>
  ({
    state: { link: { tag: "online", batch: isOpen ? { size: 2, messages: [] } : undefined } },
  }) as never as ChannelEntry;
const START = { name: "start_batch" } as WireMessage;

describe("CONFORMANCE 66: batches of peers", () => {
  it("are broken by a message for another channel, or for none, of the same peer", () => {
    for (const by of [entry(false), undefined]) {
      const batches = new Batches();
      const open = entry(true);
      batches.note(ALICE, open, START);
      expect(batches.brokenBy(BOB, by), "another peer's").to.equal(undefined);
      expect(batches.brokenBy(ALICE, open), "its own").to.equal(undefined);
      expect(batches.brokenBy(ALICE, by)).to.equal(open);
      expect(batches.brokenBy(ALICE, by), "once").to.equal(undefined);
    }
  });
  it("are over when they are whole, and with the connection", () => {
    const batches = new Batches();
    batches.note(ALICE, entry(false), START);
    expect(batches.brokenBy(ALICE, undefined)).to.equal(undefined);
    batches.note(ALICE, entry(true), START);
    batches.forget(ALICE);
    expect(batches.brokenBy(ALICE, undefined)).to.equal(undefined);
    batches.note(ALICE, entry(true), { name: "stfu" } as WireMessage);
    expect(batches.brokenBy(ALICE, undefined)).to.equal(undefined);
  });
});
