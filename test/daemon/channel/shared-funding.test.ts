import { expect } from "chai";
import type { ChannelState, FundedState } from "../../../channels/index.ts";
import { type ChannelId, channelId } from "../../../src/base/ids.ts";
import { performFundingEffect } from "../../../src/daemon/channel/funding.ts";
import { type ChannelEntry, ChannelTable, channelEntry } from "../../../src/daemon/channel/table.ts";
import { fundedDual } from "../../support/dual-pair.ts";

const { a, b } = fundedDual().parties;
const { txid } = a.funded.params.funding;

/** A channel of this state that nobody knows yet, by an id of its own. */
function channel(state: FundedState, byte: number): ChannelEntry {
  const id: ChannelId = channelId(new Uint8Array(32).fill(byte));
  const renamed = { ...state, params: { ...state.params, channelId: id } } as ChannelState;
  return channelEntry({ peer: b.nodeId, temporaryId: id, keyIndex: byte, signer: a.signer }, renamed);
}
function tableOf(...entries: readonly ChannelEntry[]): ChannelTable {
  const table = new ChannelTable();
  for (const entry of entries) table.settle(entry);
  return table;
}
/** Whether the coins of the transaction come back when the first of these is closed against its peer's will. */
function givesUp(...entries: readonly [ChannelEntry, ...ChannelEntry[]]): boolean {
  let isDoubted = false;
  const wallet = { together: () => (isDoubted = true) };
  const host = { table: tableOf(...entries), parts: { wallet } };
  performFundingEffect(host as never, {} as never, entries[0], { tag: "GiveUpFunding", txid });
  return isDoubted;
}
const failed = (state: FundedState): FundedState => ({ ...state, tag: "Failed" }) as never;

describe("RELIABILITY U11, U12: a transaction that funds several channels", () => {
  it("is not given up for one of them, as long as another one is wanted that our coins are in", () => {
    const [one, other] = [channel(a.funded, 1), channel(a.funded, 2)];
    expect(tableOf(one, other).fundedWith(one)).to.deep.equal([other]);
    expect(givesUp(one, other)).to.equal(false);
  });
  it("is given up with the last of them", () => {
    expect(givesUp(channel(failed(a.funded), 1), channel(failed(a.funded), 2))).to.equal(true);
  });
  it("is ours to give up or replace whatever channels a peer makes of it that hold nothing of ours", () => {
    const [one, theirs] = [channel(a.funded, 1), channel(b.funded, 2)];
    expect(b.funded.params.funding.txid).to.equal(txid);
    expect(tableOf(one, theirs).fundedWith(one)).to.deep.equal([]);
    expect(givesUp(one, theirs)).to.equal(true);
  });
});
