import { expect } from "chai";
import type { ChannelSigner, Claim } from "../../../channels/index.ts";
import { scriptLock } from "../../../channels/tx/lock.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { type ChannelId, type Outpoint, outpointKey, type Txid } from "../../../src/base/ids.ts";
import { err, ok } from "../../../src/base/result.ts";
import { blockHeight, sat, satPerKw } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
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

/** A wallet in which what is made for `below` throws out what is built on it, and a host that claims both at each of two heights. */
function thrownOut({ amount, lacks }: { readonly amount: bigint; readonly lacks: boolean }) {
  const clock = testClock();
  const turns = createTurns({ clock, store: memoryDisk().open(), onHalt: () => {} });
  const asked: string[] = [];
  const published = new Map<string, Tx>();
  const [below, sooner] = [outpoint("1", 0), outpoint("2", 0)];
  const wallet = {
    feerate: () => satPerKw(1_000),
    state: () => EMPTY_WALLET,
    isPublished: (txid: Txid) => [...published.values()].some((tx) => txidOf(tx) === txid),
    unconfirmedSpender: () => undefined,
    takeBack: () => undefined,
    giveUp: () => undefined,
    again: () => undefined,
    attach: (_turn: unknown, { input }: Attachment, _complete: unknown, instead?: Txid) => {
      const key = outpointKey(input.prevout);
      asked.push(key);
      if (lacks && key === outpointKey(sooner) && instead !== undefined)
        return err({ code: "insufficient_funds", needed: sat(500n), available: sat(0n) });
      // What is built on it is gone with it.
      if (key === outpointKey(below) && instead !== undefined) published.delete(outpointKey(sooner));
      const tx = { version: 2, inputs: [input], outputs: [], locktime: asked.length };
      published.set(key, tx);
      return ok(tx);
    },
  };
  const ctx = { clock, turns, events: createEvents(memoryDisk().open()), log: noLog } as unknown as NodeContext;
  let height = HEIGHT;
  const host = new ClaimHost(ctx, wallet as unknown as WalletHost, () => height);
  const signer = {} as ChannelSigner;
  const first = { signer, claims: [claim(below, 900_000n, 112)] };
  const second = { signer, claims: [claim(sooner, amount, 111)] };
  turns.run((turn) => host.take(turn, channel("a"), first));
  for (const at of [HEIGHT, blockHeight(HEIGHT + 9)]) {
    height = at;
    turns.run((turn) => {
      host.take(turn, channel("a"), first);
      host.take(turn, channel("b"), second);
    });
  }
  return { host, asked, published: [...published.keys()], below: outpointKey(below), sooner: outpointKey(sooner) };
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
  it("are made again at once where one that takes its forerunner's place throws out what is lost sooner", () => {
    const { asked, published, below, sooner } = thrownOut({ amount: 1_000n, lacks: false });
    expect(asked).to.deep.equal([below, sooner, below, sooner]);
    expect(published).to.have.members([below, sooner]);
  });
  it("lack nothing once they are made again, though there was no coin to raise them before that", () => {
    const { host, asked, published, below, sooner } = thrownOut({ amount: 900_000n, lacks: true });
    expect(asked).to.deep.equal([below, sooner, sooner, below, sooner]);
    expect(published).to.have.members([below, sooner]);
    expect(host.missing).to.equal(0n);
  });
});
