import { expect } from "chai";
import { construct } from "../../../channels/interactive/constructed.ts";
import type { TxSession } from "../../../channels/interactive/session.ts";
import { signsFirst } from "../../../channels/interactive/signatures.ts";
import type { SharedInput, TxTerms } from "../../../channels/interactive/terms.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import {
  begin,
  coin,
  contribution,
  FUNDING,
  funded,
  scriptOf,
  type Talk,
  talk,
  terms,
} from "../../support/constructing.ts";

const other = (over: Partial<TxTerms> = {}): TxSession => begin(terms("remote", over));
const codeOf = (side: Talk["initiator"]): string => (side === undefined ? "nothing" : side.ok ? "ok" : side.error.code);
/** What the accepter makes of an initiator that has other terms in mind than it. */
function judged(initiator: TxSession, accepter = other()): string {
  return codeOf(talk(initiator, accepter).other);
}
/** An initiator that believes that others pay: its own checks pass whatever it adds. */
const careless = (what: Parameters<typeof contribution>[0], over: Partial<TxTerms> = {}): TxSession =>
  begin(terms("local", { feerate: 0 as never, contribution: { local: 0n, remote: 0n }, ...over }), contribution(what));

describe("BOLT 2 §The tx_complete Message", () => {
  it("CONFORMANCE 51: the peer's coins cover what it takes out, what it puts in, and its fee", () => {
    expect(judged(careless({ inputs: [coin("a", 999_999n)] }))).to.equal("inputs_do_not_cover");
    expect(judged(careless({ inputs: [coin("a", 1_000_000n)] }))).to.equal("feerate_not_met");
    // Common fields, an input of a key hash and the funding output: 42 + 271 + 172 weight units at 1 sat each.
    expect(judged(careless({ inputs: [coin("a", 1_000_484n)] }))).to.equal("feerate_not_met");
    expect(judged(careless({ inputs: [coin("a", 1_000_485n)] }))).to.equal("ok");
    const change = { serialId: 8n, output: { amount: sat(100_000n), script: scriptOf("a") } };
    expect(judged(careless({ inputs: [coin("a", 1_000_485n)], outputs: [change] }))).to.equal("inputs_do_not_cover");
  });
  it("RELIABILITY U9: coins of a peer are together no more than there are, whatever each of its transactions says", () => {
    const half = 1_050_000_000_000_000n;
    const money = (...amounts: readonly bigint[]): string => {
      const inputs = amounts.map((amount, at) => coin("a".repeat(at + 1), amount));
      const { initiator, other: accepter } = talk(careless({ inputs }), other());
      return codeOf(accepter ?? initiator);
    };
    expect(money(half, half)).to.equal("ok");
    expect(money(half, half + 1n)).to.equal("more_than_all_coins");
    expect(money(2n * half - 10_000n, 2n * half - 10_000n)).to.equal("more_than_all_coins");
  });
  it("CONFORMANCE 51: who joins pays for what it adds, and not for the common fields", () => {
    const both = (amount: bigint) => {
      const share = { local: 700_000n, remote: 300_000n };
      const ours = begin(terms("local", { contribution: share }), contribution({ inputs: [coin("a", 701_000n)] }));
      const theirs = begin(
        terms("remote", { contribution: { local: 300_000n, remote: 700_000n }, feerate: 0 as never }),
        contribution({ inputs: [coin("bb", amount)] }),
      );
      return codeOf(talk(ours, theirs).initiator);
    };
    expect(both(300_270n)).to.equal("feerate_not_met");
    expect(both(300_271n)).to.equal("ok");
  });
  it("CONFORMANCE 51: there is one output for the channel, of exactly what both put in, and the opener adds it", () => {
    const amount = { ...FUNDING, amount: sat(999_999n) };
    const inputs = [coin("a", 1_100_000n)];
    expect(judged(careless({ inputs }, { fundingOutput: amount }))).to.equal("shared_output_wrong");
    const elsewhere = { ...FUNDING, script: p2wsh(new Uint8Array(32)) };
    expect(judged(careless({ inputs }, { fundingOutput: elsewhere }))).to.equal("shared_output_wrong");
    const second = { serialId: 8n, output: FUNDING };
    const two = { inputs: [coin("a", 2_100_000n)], outputs: [second] };
    expect(codeOf(talk(begin(terms("local"), contribution(two)), other()).initiator)).to.equal("shared_output_wrong");
  });
  it("CONFORMANCE 49: no more than 252 inputs, 252 outputs and 400,000 weight units", () => {
    const coins = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...coin(`c${at}`, 1_010_000n), serialId: BigInt(at * 2) }));
    expect(codeOf(funded({}, { inputs: coins(252) }).other)).to.equal("ok");
    expect(codeOf(funded({}, { inputs: coins(253) }).initiator)).to.equal("too_many_inputs");
    const changes = Array.from({ length: 252 }, (_, at) => ({
      serialId: BigInt(at * 2),
      output: { amount: sat(1_000n), script: scriptOf("x") },
    }));
    const inputs = coins(2);
    expect(codeOf(funded({}, { inputs, outputs: changes.slice(1) }).other)).to.equal("ok");
    expect(codeOf(funded({}, { inputs, outputs: changes }).initiator)).to.equal("too_many_outputs");
    // Outputs that are relayed and at most 252 do not weigh so much: the bound stands behind the others.
    const output = { amount: sat(1_000n), script: new Uint8Array(2_500) };
    const wide = Array.from({ length: 40 }, (_, at) => ({
      serialId: BigInt(at * 2 + 1),
      from: "remote" as const,
      output,
    }));
    const heavy = construct({ ...begin(terms("local")), outputs: wide });
    expect(heavy).to.deep.equal({ ok: false, error: { code: "tx_too_heavy", maximum: 400_000 } });
  });
  it("CONFORMANCE 55, RELIABILITY U16: an attempt spends a coin of each attempt before it, and pays more: the same transaction once more is none", () => {
    const mine = coin("a", 1_001_000n);
    const spent = { txid: txidOf(mine.prevtx), vout: 1 };
    const stranger = { txid: "33".repeat(32) as Txid, vout: 0 };
    const old = (inputs: readonly (typeof spent)[], fee: bigint) => ({
      txid: "44".repeat(32) as Txid,
      inputs,
      fee: sat(fee),
    });
    const run = (replaces: TxTerms["replaces"]) =>
      codeOf(funded({ replaces }, { inputs: [mine] }).other ?? funded({ replaces }).initiator);
    expect(run([old([stranger, spent], 900n)])).to.equal("ok");
    expect(run([old([stranger], 900n)])).to.equal("replaced_not_spent");
    expect(run([old([stranger], 800n), old([spent], 900n)]), "the first of two").to.equal("replaced_not_spent");
    for (const fee of [1_000n, 1_001n]) expect(run([old([spent], fee)])).to.equal("fee_below_replaced");
    expect(run([old([spent], 999n)])).to.equal("ok");
  });
});

describe("BOLT 2 §Splice Transaction Construction", () => {
  const previous: SharedInput = {
    outpoint: { txid: "55".repeat(32) as Txid, vout: 3 },
    spends: { amount: sat(600_000n), script: p2wsh(new Uint8Array(32).fill(3)) },
    witnessScript: new Uint8Array(71),
  };
  const splice: Partial<TxTerms> = { sharedInput: previous, contribution: { local: 400_000n, remote: 0n } };
  const mirrored: Partial<TxTerms> = { sharedInput: previous, contribution: { local: 0n, remote: 400_000n } };
  const inputs = [coin("a", 401_000n)];
  it("CONFORMANCE 63: the previous funding output is named, once, by the initiator", () => {
    const talked = talk(begin(terms("local", splice), contribution({ inputs })), other(mirrored));
    expect([codeOf(talked.initiator), codeOf(talked.other)]).to.deep.equal(["ok", "ok"]);
    expect(talked.said[0]).to.include({
      name: "tx_add_input",
      shared_input_txid: previous.outpoint.txid,
      prevtx_vout: 3,
    });
    if (!talked.initiator?.ok) throw new Error("constructed");
    expect(talked.initiator.value.fee, "its amount is nobody's").to.deep.equal({ local: 1_000n, remote: 0n });
    const elsewhere = { ...previous, outpoint: { ...previous.outpoint, vout: 4 } };
    expect(
      judged(begin(terms("local", { ...splice, sharedInput: elsewhere }), contribution({ inputs })), other(mirrored)),
    ).to.equal("shared_input_wrong");
    expect(
      judged(begin(terms("local"), contribution({ inputs: [coin("a", 1_001_000n)] })), other(mirrored)),
      "without it",
    ).to.equal("shared_input_wrong");
    expect(judged(begin(terms("local", splice), contribution({ inputs })), other()), "where there is none").to.equal(
      "shared_input_wrong",
    );
  });
  it("RELIABILITY C36: the funding output is not shown as a coin of the peer's", () => {
    const shown = coin("a", 600_000n, previous.spends.script);
    const same = { ...previous, outpoint: { txid: txidOf(shown.prevtx), vout: 1 } };
    const accepter = other({ ...mirrored, sharedInput: same });
    const thief = begin(
      terms("local", { contribution: { local: 400_000n, remote: 0n } }),
      contribution({ inputs: [shown] }),
    );
    expect(judged(thief, accepter)).to.equal("shared_input_wrong");
  });
  it("CONFORMANCE 52: who put in less signs first, and what is shared counts for who added it", () => {
    const talked = talk(begin(terms("local", splice), contribution({ inputs })), other(mirrored));
    if (!talked.initiator?.ok || !talked.other?.ok) throw new Error("constructed");
    expect(signsFirst(talked.initiator.value, "02", "03")).to.equal(false);
    expect(signsFirst(talked.other.value, "03", "02")).to.equal(true);
    const share = { local: 500_000n, remote: 500_000n };
    const even = talk(
      begin(terms("local", { contribution: share }), contribution({ inputs: [coin("a", 501_000n)] })),
      begin(terms("remote", { contribution: share }), contribution({ inputs: [coin("b", 501_000n)] })),
    );
    if (!even.initiator?.ok) throw new Error("constructed");
    expect([signsFirst(even.initiator.value, "02", "03"), signsFirst(even.initiator.value, "03", "02")]).to.deep.equal([
      true,
      false,
    ]);
  });
});
