import { expect } from "chai";
import type { ChannelSigner, Claim } from "../../../channels/index.ts";
import { scriptLock } from "../../../channels/tx/lock.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { type ChannelId, type Outpoint, outpointKey, type Txid } from "../../../src/base/ids.ts";
import { err, ok } from "../../../src/base/result.ts";
import { blockHeight, sat, satPerKw } from "../../../src/base/units.ts";
import { ClaimHost } from "../../../src/daemon/channel/claim-host.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { createEvents } from "../../../src/daemon/events.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { Attachment } from "../../../src/daemon/wallet/attach.ts";
import type { WalletHost } from "../../../src/daemon/wallet/host.ts";
import { EMPTY_WALLET } from "../../../src/daemon/wallet/state.ts";
import { noLog, testClock } from "../../adapters/chain/world.ts";

const HEIGHT = blockHeight(100);
const channel = (letter: string): ChannelId => letter.repeat(64) as ChannelId;
const outpoint = (letter: string, vout: number): Outpoint => ({ txid: letter.repeat(64) as Txid, vout });

/** A second stage, for whose fee the wallet has to add a coin. */
function claim(from: Outpoint, amount: bigint, deadline: number | undefined): Claim {
  const most = sat(amount / 2n);
  const empty = new Uint8Array(0);
  return {
    outpoint: from,
    amount: sat(amount),
    why: "htlc_timeout",
    key: { tag: "htlc", point: new Uint8Array(33) },
    lock: scriptLock(new Uint8Array(140)),
    before: [],
    after: [empty],
    sequence: 1,
    locktime: 0,
    output: { amount: sat(amount), script: empty },
    presigned: false,
    parent: undefined,
    since: HEIGHT,
    budgets: [{ most, deadline: deadline === undefined ? undefined : blockHeight(deadline) }],
  };
}

describe("RELIABILITY O9: claims of several channels, where there are not coins for all", () => {
  it("get them in the order in which they are lost, whichever channel is first", () => {
    const clock = testClock();
    const store = memoryDisk().open();
    const turns = createTurns({ clock, store, onHalt: () => {} });
    const asked: string[] = [];
    let coins = 2;
    const wallet = {
      feerate: () => satPerKw(1_000),
      state: () => EMPTY_WALLET,
      isPublished: () => true,
      unconfirmedSpender: () => undefined,
      giveUp: () => undefined,
      takeBack: () => undefined,
      again: () => undefined,
      attach: (_turn: unknown, { input }: Attachment) => {
        asked.push(outpointKey(input.prevout));
        if (coins === 0) return err({ code: "insufficient_funds", needed: sat(500n), available: sat(0n) });
        coins--;
        return ok({ version: 2, inputs: [input], outputs: [], locktime: 0 });
      },
    };
    const ctx = { clock, turns, events: createEvents(store), log: noLog } as unknown as NodeContext;
    const host = new ClaimHost(ctx, wallet as unknown as WalletHost, () => HEIGHT);
    const signer = {} as ChannelSigner;
    const [own, late, soon, sooner] = [outpoint("1", 0), outpoint("1", 1), outpoint("2", 0), outpoint("2", 1)];
    turns.run((turn) => {
      host.take(turn, channel("a"), { signer, claims: [claim(late, 90_000n, 140), claim(own, 400_000n, undefined)] });
      host.take(turn, channel("b"), { signer, claims: [claim(sooner, 10_000n, 110), claim(soon, 20_000n, 120)] });
    });
    expect(asked).to.deep.equal([sooner, soon, late, own].map(outpointKey));
    expect(host.missing > 0n).to.equal(true);
  });
});
