import { expect } from "chai";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { broadcast } from "../../../src/daemon/channel/broadcast.ts";
import type { publishTogether } from "../../../src/daemon/wallet/contribute.ts";
import { EMPTY_WALLET, reservedTx, type WalletState, type WalletTx } from "../../../src/daemon/wallet/state.ts";
import { fundedDual, mine } from "../../support/dual-pair.ts";

/** A channel whose peer alone has funded it, in use; and what becomes of its transaction when that is said again. */
function saidWith(known: Partial<WalletTx>): readonly string[] {
  const pair = fundedDual();
  const { b } = pair.parties;
  mine(pair, b.funded.params.funding.txid);
  const { tx } = b.funded.funding;
  if (b.state.tag !== "Normal" || tx === undefined) throw new Error(`no funding transaction in ${b.state.tag}`);
  const txid = txidOf(tx);
  const kept: WalletTx = { ...reservedTx(txid, "received", undefined, undefined), status: "published", ...known };
  const wallet: WalletState = { ...EMPTY_WALLET, txs: new Map([[txid, kept]]) };
  const done: string[] = [];
  const host = {
    parts: {
      backup: { whenKept: (turn: unknown, then: (turn: unknown) => void) => then(turn) },
      ctx: { events: { record: () => undefined } },
      wallet: {
        state: () => wallet,
        together: (_turn: unknown, act: (state: WalletState) => ReturnType<typeof publishTogether>) =>
          act(wallet).value,
        publish: () => done.push("published"),
        broadcast: (_turn: unknown, said: Tx) => done.push(`said ${txidOf(said) === txid}`),
      },
    },
  };
  const entry = { state: b.state, asked: undefined };
  broadcast(host as never, {} as never, entry as never, { tag: "Broadcast", tx, why: "funding" });
  return done;
}

describe("A funding transaction that a reorganisation has taken back", () => {
  it("goes out once more by the wallet's hands where coins of ours are in it", () => {
    const tx = fundedDual().parties.b.funded.funding.tx as Tx;
    expect(saidWith({ label: "channel opened", tx })).to.deep.equal(["published"]);
  });
  it("is only said where it pays us besides, as its peer wanted", () => {
    expect(saidWith({})).to.deep.equal(["said true"]);
  });
});
