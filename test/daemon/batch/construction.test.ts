import { expect } from "chai";
import type { ChannelInput, ConstructedTx } from "../../../channels/index.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { BatchConstruction } from "../../../src/daemon/batch/construction.ts";
import type { ChannelHost } from "../../../src/daemon/channel/host.ts";
import type { ChannelEntry } from "../../../src/daemon/channel/table.ts";
import type { Turn } from "../../../src/daemon/turn.ts";

describe("a transaction that is constructed with several peers at once", () => {
  it("is signed for with none of them in which it came out otherwise: the peer has added something", () => {
    const entry = {} as ChannelEntry;
    const told: ChannelInput[] = [];
    const host = { apply: (_turn: Turn, _entry: ChannelEntry, input: ChannelInput) => told.push(input) };
    const batch = new BatchConstruction([entry]);
    const constructed = { txid: "77".repeat(32) as Txid } as ConstructedTx;
    batch.constructed(host as unknown as ChannelHost, {} as Turn, entry, constructed);
    const reason = "something of the peer's is in a transaction of several channels";
    expect([told, batch.wantsAlone]).to.deep.equal([[{ tag: "AbortOpening", reason }], true]);
  });
});
