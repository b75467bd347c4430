import type { ConstructedTx } from "../../channels/interactive/constructed.ts";
import { beginSession, receiveConstruction, speak, type TxSession } from "../../channels/interactive/session.ts";
import { completeTx, receivedWitnesses, signaturesMessage } from "../../channels/interactive/signatures.ts";
import type { TxTerms } from "../../channels/interactive/terms.ts";
import { fundingOutput } from "../../channels/tx/funding-tx.ts";
import { toHex } from "../../src/base/bytes.ts";
import { channelId, txid } from "../../src/base/ids.ts";
import { assert, present, type Result } from "../../src/base/result.ts";
import { sat, satPerKw } from "../../src/base/units.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { SIGHASH_ALL, segwitSighash } from "../../src/bitcoin/sighash.ts";
import { p2pkhOf, p2wpkhOf } from "../../src/bitcoin/templates.ts";
import { encodeTx, type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { encode, listOf } from "../../src/codec/codec.ts";
import { bytesOf } from "../../src/codec/primitives.ts";
import { compactSize } from "../../src/codec/varint.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { Freezer } from "../freeze-vectors.ts";

/** A funding transaction that two nodes of our own have made together, in the layout of BOLT 3's appendix. */
type Side = "opener" | "accepter";
const SIDES = ["opener", "accepter"] as const;
const secretOf = (word: string): Uint8Array => sha256(new TextEncoder().encode(`sluice frozen dual ${word}`));
const keyOf = (word: string): Uint8Array => secp256k1.publicKey(secretOf(word));
const LOCKTIME = 321;
const FEERATE = satPerKw(1_000);
const COIN = { opener: sat(900_000n), accepter: sat(700_000n) };
const SHARE = { opener: sat(500_000n), accepter: sat(300_000n) };
/** The opener pays for what both have in common. */
const FEE = { opener: sat(1_500n), accepter: sat(900n) };
const SERIALS = { opener: { input: 30n, change: 40n, shared: 44n }, accepter: { input: 11n, change: 33n, shared: 0n } };
const CHANNEL = channelId(new Uint8Array(32).fill(1));
const output = fundingOutput(keyOf("opener funding"), keyOf("accepter funding"), sat(SHARE.opener + SHARE.accepter));

function unwrap<T>(result: Result<T, unknown>): T {
  assert(result.ok, "what our own nodes construct is right");
  return result.value;
}
const prevtxOf = (side: Side): Tx => ({
  version: 2,
  inputs: [
    {
      prevout: { txid: txid(secretOf(`${side} parent`)), vout: 2 },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_fffd,
      witness: [],
    },
  ],
  outputs: [{ amount: COIN[side], script: p2wpkhOf(keyOf(`${side} coin`)) }],
  locktime: 0,
});
const other = (side: Side): Side => (side === "opener" ? "accepter" : "opener");
const change = (side: Side) => ({
  amount: sat(COIN[side] - SHARE[side] - FEE[side]),
  script: p2wpkhOf(keyOf(`${side} change`)),
});

function begin(side: Side): TxSession {
  const terms: TxTerms = {
    channelId: CHANNEL,
    initiator: side === "opener" ? "local" : "remote",
    feerate: FEERATE,
    locktime: LOCKTIME,
    dustLimit: sat(354n),
    fundingOutput: output,
    contribution: { local: SHARE[side], remote: SHARE[other(side)] },
    sharedInput: undefined,
    replaces: [],
  };
  const { input, change: changeId, shared } = SERIALS[side];
  const inputs = [{ serialId: input, prevtx: prevtxOf(side), vout: 0 }];
  const outputs = [{ serialId: changeId, output: change(side) }];
  return unwrap(beginSession(terms, { inputs, outputs, shared: { input: 0n, output: shared } }));
}
function construct() {
  const sessions = { opener: begin("opener"), accepter: begin("accepter") };
  const done: Partial<Record<Side, ConstructedTx>> = {};
  const first = unwrap(speak(sessions.opener));
  sessions.opener = first.session;
  let message = first.reply;
  for (let side: Side = "accepter"; message !== undefined; side = other(side)) {
    const answer = receive(sessions[side], message);
    sessions[side] = answer.session;
    if (answer.constructed !== undefined) done[side] = answer.constructed;
    message = answer.reply;
  }
  return { opener: present(done.opener, "the opener has it"), accepter: present(done.accepter, "the accepter has it") };
}
const receive = (session: TxSession, message: Parameters<typeof receiveConstruction>[1]) =>
  unwrap(receiveConstruction(session, message));

const stack = listOf(compactSize, bytesOf(compactSize));

function witnessOf(side: Side, tx: Tx): readonly Uint8Array[] {
  const coin = txidOf(prevtxOf(side));
  const at = tx.inputs.findIndex(({ prevout }) => prevout.txid === coin);
  const key = keyOf(`${side} coin`);
  const digest = segwitSighash(tx, at, p2pkhOf(key), COIN[side], SIGHASH_ALL);
  return [scriptSignature(secp256k1.sign(digest, secretOf(`${side} coin`)), SIGHASH_ALL), key];
}

function dualFunding(): unknown {
  const { opener, accepter } = construct();
  const witnesses = { opener: [witnessOf("opener", opener.tx)], accepter: [witnessOf("accepter", opener.tx)] };
  const remote = unwrap(receivedWitnesses(opener, signaturesMessage(CHANNEL, accepter, witnesses.accepter)));
  const fees = { opener: opener.fee.local, accepter: opener.fee.remote };
  const sides = SIDES.map((side) => {
    const { input, change: changeId, shared } = SERIALS[side];
    const { amount, script } = change(side);
    const changeOutput = { serial_id: String(changeId), sats: String(amount), script: toHex(script) };
    const sharedOutput = { serial_id: String(shared), sats: String(output.amount), script: toHex(output.script) };
    const made = {
      tx_add_input: { serial_id: String(input), prevtx: toHex(encodeTx(prevtxOf(side))), prev_vout: 0 },
      tx_add_outputs: side === "opener" ? [changeOutput, sharedOutput] : [changeOutput],
      fee_sat: Number(fees[side]),
      tx_signatures_witnesses: witnesses[side].map((items) => toHex(encode(stack, items))),
    };
    return [side, made];
  });
  return {
    locktime: LOCKTIME,
    feerate_per_kw: FEERATE,
    opener_funding_sat: String(SHARE.opener),
    accepter_funding_sat: String(SHARE.accepter),
    funding_keys: SIDES.map((side) => toHex(keyOf(`${side} funding`))),
    ...Object.fromEntries(sides),
    unsigned_tx: toHex(encodeTx(opener.tx)),
    signed_tx: toHex(encodeTx(completeTx(opener, { local: witnesses.opener, remote }))),
    txid: opener.txid,
  };
}

export const freezers: readonly Freezer[] = [{ path: "bolts/bolt03/dual-funding.json", make: dualFunding }];
