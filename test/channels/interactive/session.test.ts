import { expect } from "chai";
import { hear, type TxSession } from "../../../channels/interactive/session.ts";
import type { Contribution, TxTerms } from "../../../channels/interactive/terms.ts";
import { sat } from "../../../src/base/units.ts";
import { p2pkhOf, p2shOf, witnessScriptPubKey } from "../../../src/bitcoin/templates.ts";
import { encodeTx, txidOf } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { TxAddInput } from "../../../src/wire/interactive-tx.ts";
import { decodeMessage, encodeMessage } from "../../../src/wire/registry.ts";
import {
  addInput,
  addOutput,
  begin,
  CHANNEL,
  coin,
  contribution,
  FUNDING,
  funded,
  scriptOf,
  secretOf,
  talk,
  terms,
} from "../../support/constructing.ts";

const COIN = coin("peer", 500_000n);
const BYTES = encodeTx(COIN.prevtx);
const added = (serialId: bigint, over: Partial<TxAddInput> = {}) => addInput(COIN, serialId, BYTES, over);
const codeOf = (session: TxSession, message: Parameters<typeof hear>[1]): string => {
  const heard = hear(session, message);
  return heard.ok ? "ok" : heard.error.code;
};
/** The accepter's side, which awaits the initiator's first message. */
const accepter = (over: Partial<TxTerms> = {}): TxSession => begin(terms("remote", over));
function hearing(session: TxSession, ...messages: readonly Parameters<typeof hear>[1][]): TxSession {
  return messages.reduce((at, message) => {
    const heard = hear(at, message);
    if (!heard.ok) throw new Error(heard.error.code);
    return { ...heard.value, turn: "remote" as const };
  }, session);
}

describe("BOLT 2 §Interactive Transaction Construction", () => {
  it("ends with two tx_complete in a row, and both sides have the same transaction (CONFORMANCE 51)", () => {
    const { initiator, other, said } = funded();
    expect(said.map(({ name }) => name)).to.deep.equal([
      "tx_add_output",
      "tx_complete",
      "tx_add_input",
      "tx_complete",
      "tx_complete",
    ]);
    if (!initiator?.ok || !other?.ok) throw new Error("both have it");
    expect(other.value.tx).to.deep.equal(initiator.value.tx);
    expect(initiator.value.tx.outputs[initiator.value.fundingVout]).to.deep.equal(FUNDING);
    expect(initiator.value.fee).to.deep.equal({ local: 1_000n, remote: 0n });
  });
  it("CONFORMANCE 46: ids have the parity of their side, are unique, and order inputs and outputs", () => {
    const inputs = [coin("aaaa", 600_000n), coin("aa", 600_000n)].map((one, at) => ({
      ...one,
      serialId: at === 0 ? 9n : 4n,
    }));
    const change = { serialId: 7n, output: { amount: sat(195_000n), script: scriptOf("change") } };
    const { initiator, said } = funded({}, { inputs, outputs: [change] });
    if (!initiator?.ok) throw new Error("constructed");
    const ids = said.flatMap((message) => ("serial_id" in message ? [message.serial_id] : []));
    expect(ids.every((id) => id % 2n === 0n)).to.equal(true);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(initiator.value.tx.inputs.map(({ prevout }) => prevout.txid)).to.deep.equal(
      [inputs[1], inputs[0]].map((one) => one && txidOf(one.prevtx)),
    );
    expect(initiator.value.tx.outputs).to.deep.equal([change.output, FUNDING]);
    expect(codeOf(accepter(), added(3n)), "ours").to.equal("serial_id_parity");
    expect(codeOf(accepter(), addOutput(3n, 1_000n, scriptOf("x")))).to.equal("serial_id_parity");
    const twice = hearing(accepter(), added(2n), addOutput(2n, 1_000n, scriptOf("x")));
    expect(codeOf(twice, added(2n, { prevtx: encodeTx(coin("else", 1n).prevtx) }))).to.equal("serial_id_taken");
    expect(codeOf(twice, addOutput(2n, 1_000n, scriptOf("x")))).to.equal("serial_id_taken");
  });
  it("CONFORMANCE 47: a sequence that ends the chance of replacement is refused, and one that locks the coin", () => {
    expect(codeOf(accepter(), added(2n, { sequence: 0xffff_ffff }))).to.equal("sequence_too_high");
    expect(codeOf(accepter(), added(2n, { sequence: 0xffff_fffe }))).to.equal("sequence_too_high");
    expect(codeOf(accepter(), added(2n, { sequence: 0xffff_fffd }))).to.equal("ok");
    expect(codeOf(accepter(), added(2n, { sequence: 0 }))).to.equal("ok");
    expect(codeOf(accepter(), added(2n, { sequence: 4_000 }))).to.equal("sequence_locked");
  });
  it("CONFORMANCE 48, RELIABILITY U6: an input is an output of segwit that its whole transaction proves, once", () => {
    expect(codeOf(accepter(), added(2n, { prevtx: BYTES.slice(1) }))).to.equal("prevtx_invalid");
    expect(codeOf(accepter(), added(2n, { prevtx: new Uint8Array(60_000) }))).to.equal("prevtx_invalid");
    expect(codeOf(accepter(), added(2n, { prevtx_vout: 2 }))).to.equal("prevtx_output_missing");
    expect(codeOf(accepter(), added(2n, { prevtx_vout: 0 })), "P2PKH").to.equal("input_not_segwit");
    const nested = coin("peer", 500_000n, p2shOf(scriptOf("peer")));
    expect(codeOf(accepter(), added(2n, { prevtx: encodeTx(nested.prevtx) }))).to.equal("input_not_segwit");
    const future = coin("peer", 500_000n, witnessScriptPubKey({ version: 16, program: new Uint8Array(40) }));
    expect(codeOf(accepter(), added(2n, { prevtx: encodeTx(future.prevtx) })), "any version").to.equal("ok");
    expect(codeOf(hearing(accepter(), added(2n)), added(4n))).to.equal("input_twice");
    const removed = hearing(accepter(), added(2n), { name: "tx_remove_input", channel_id: CHANNEL, serial_id: 2n });
    expect(codeOf(removed, added(4n)), "removed, it may come again").to.equal("ok");
    // The txid is that of the bytes shown: nobody can show another transaction for a coin.
    const heard = hearing(accepter(), added(2n));
    expect(heard.inputs[0]?.outpoint).to.deep.equal({ txid: txidOf(COIN.prevtx), vout: 1 });
    expect(heard.inputs[0]?.spends).to.deep.equal({ amount: 500_000n, script: scriptOf("peer") });
  });
  it("CONFORMANCE 48: a coin that we added ourselves is no coin of the peer's", () => {
    const ours = begin(terms("local"), contribution({ inputs: [coin("a", 1_001_000n)] }));
    const { said } = talk(ours, accepter());
    const shown = said.find(({ name }) => name === "tx_add_input") as TxAddInput;
    const second = begin(terms("local"), contribution({ inputs: [coin("a", 1_001_000n)] }));
    const waiting: TxSession = {
      ...second,
      turn: "remote",
      inputs: [
        {
          serialId: 2n,
          from: "local",
          outpoint: { txid: txidOf(coin("a", 1_001_000n).prevtx), vout: 1 },
          spends: { amount: sat(1_001_000n), script: scriptOf("a") },
          sequence: 0xffff_fffd,
          shared: false,
        },
      ],
    };
    expect(codeOf(waiting, { ...shown, serial_id: 3n })).to.equal("input_twice");
  });
  it("CONFORMANCE 48: at most 4,096 messages of each kind, however much is removed again", () => {
    let session = accepter();
    for (let count = 0; count < 4096; count++) {
      session = hearing(session, added(2n), { name: "tx_remove_input", channel_id: CHANNEL, serial_id: 2n });
    }
    expect(codeOf(session, added(2n))).to.equal("too_many_messages");
    for (let count = 0; count < 4096; count++) {
      session = hearing(session, addOutput(2n, 1_000n, scriptOf("x")), {
        name: "tx_remove_output",
        channel_id: CHANNEL,
        serial_id: 2n,
      });
    }
    expect(codeOf(session, addOutput(2n, 1_000n, scriptOf("x")))).to.equal("too_many_messages");
    expect([session.inputs, session.outputs], "nothing is kept of them").to.deep.equal([[], []]);
  });
  it("CONFORMANCE 49: an output is above dust, below all money, and of a script that is relayed", () => {
    expect(codeOf(accepter(), addOutput(2n, 353n, scriptOf("x")))).to.equal("output_below_dust");
    expect(codeOf(accepter(), addOutput(2n, 354n, scriptOf("x")))).to.equal("ok");
    for (const script of [FUNDING.script, p2pkhOf(secp256k1.publicKey(secretOf("x"))), p2shOf(Uint8Array.of(1))])
      expect(codeOf(accepter(), addOutput(2n, 1_000n, script))).to.equal("ok");
    const p2pkh = p2pkhOf(secp256k1.publicKey(secretOf("x")));
    expect(codeOf(accepter(), addOutput(2n, 545n, p2pkh)), "no node relays it").to.equal("output_below_dust");
    expect(codeOf(accepter(), addOutput(2n, 546n, p2pkh))).to.equal("ok");
    expect(codeOf(accepter(), addOutput(2n, 1_000n, Uint8Array.of(0x51)))).to.equal("output_not_standard");
    const most = encodeMessage(addOutput(2n, 2_100_000_000_000_000n, scriptOf("x")));
    const more = most.slice();
    more[2 + 32 + 8 + 7] = (more[2 + 32 + 8 + 7] as number) + 1;
    expect([decodeMessage(most).ok, decodeMessage(more).ok]).to.deep.equal([true, false]);
  });
  it("CONFORMANCE 50: only what the peer added and is still there can be removed", () => {
    const remove = { name: "tx_remove_input", channel_id: CHANNEL, serial_id: 2n } as const;
    expect(codeOf(accepter(), remove)).to.equal("nothing_to_remove");
    expect(codeOf(hearing(accepter(), added(2n), remove), remove)).to.equal("nothing_to_remove");
    const ours = begin(terms("local"), contribution({ inputs: [coin("a", 1_001_000n)] }));
    const waiting: TxSession = {
      ...ours,
      turn: "remote",
      outputs: [{ serialId: 102n, from: "local", output: FUNDING }],
    };
    expect(codeOf(waiting, { name: "tx_remove_output", channel_id: CHANNEL, serial_id: 102n })).to.equal(
      "nothing_to_remove",
    );
  });
  it("refuses a message out of turn", () => {
    const ours = begin(terms("local"), contribution());
    expect(codeOf(ours, { name: "tx_complete", channel_id: CHANNEL })).to.equal("tx_out_of_turn");
  });
  it("RELIABILITY U14: a coin whose transaction fills more than a message is refused before it is one", () => {
    const wide = { ...COIN, prevtx: { ...COIN.prevtx, outputs: [...COIN.prevtx.outputs] } };
    const fill = (bytes: number) => ({
      ...wide,
      prevtx: {
        ...wide.prevtx,
        inputs: wide.prevtx.inputs.map((one) => ({ ...one, scriptSig: new Uint8Array(bytes) })),
      },
    });
    const talked = (bytes: number): string => {
      try {
        const what: Partial<Contribution> = { inputs: [fill(bytes)] };
        const { said } = talk(begin(terms("local"), contribution(what)), accepter());
        for (const message of said) encodeMessage(message);
        return "ok";
      } catch (error) {
        return (error as Error).message;
      }
    };
    const base = encodeTx(fill(60_000).prevtx).length - 60_000;
    expect(talked(65_483 - base)).to.equal("ok");
    expect(talked(65_484 - base)).to.equal("prevtx_too_long");
    expect(talked(65_600)).to.equal("prevtx_too_long");
  });
});
