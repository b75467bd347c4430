import type { ConstructedTx } from "../../channels/interactive/constructed.ts";
import type { TxFault } from "../../channels/interactive/fault.ts";
import {
  beginSession,
  type ConstructionMessage,
  receiveConstruction,
  type SessionStep,
  speak,
  type TxSession,
} from "../../channels/interactive/session.ts";
import { ownInputs, type Witnesses } from "../../channels/interactive/signatures.ts";
import { type Contribution, NOTHING, type OwnInput, type TxTerms } from "../../channels/interactive/terms.ts";
import { channelId, type Txid } from "../../src/base/ids.ts";
import { present, type Result } from "../../src/base/result.ts";
import { sat, satPerKw } from "../../src/base/units.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { SIGHASH_ALL, segwitSighash } from "../../src/bitcoin/sighash.ts";
import { p2pkhOf, p2wpkhOf, p2wsh } from "../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { TxAddInput, TxAddOutput } from "../../src/wire/interactive-tx.ts";

/** What the tests of interactive transactions build with: coins of two people, and two machines that talk to each other. */
export const CHANNEL = channelId(new Uint8Array(32).fill(1));
export const secretOf = (name: string): Uint8Array => sha256(new TextEncoder().encode(`coin ${name}`));
export const scriptOf = (name: string): Uint8Array => p2wpkhOf(secp256k1.publicKey(secretOf(name)));
export const FUNDING = { amount: sat(1_000_000n), script: p2wsh(new Uint8Array(32).fill(7)) };

/** A transaction that pays to a name, and to another script at index 0. */
export function coin(name: string, amount: bigint, script = scriptOf(name)): OwnInput & { readonly prevtx: Tx } {
  const prevtx: Tx = {
    version: 2,
    inputs: [
      {
        prevout: { txid: "22".repeat(32) as Txid, vout: name.length },
        scriptSig: new TextEncoder().encode(name),
        sequence: 0xffff_fffd,
        witness: [],
      },
    ],
    outputs: [
      { amount: sat(10_000n), script: p2pkhOf(secp256k1.publicKey(secretOf("other"))) },
      { amount: sat(amount), script },
    ],
    locktime: 0,
  };
  return { serialId: BigInt(name.length * 2), prevtx, vout: 1 };
}

export const terms = (initiator: "local" | "remote", over: Partial<TxTerms> = {}): TxTerms => ({
  channelId: CHANNEL,
  initiator,
  feerate: satPerKw(1_000),
  locktime: 0,
  dustLimit: sat(354n),
  fundingOutput: FUNDING,
  contribution: initiator === "local" ? { local: 1_000_000n, remote: 0n } : { local: 0n, remote: 1_000_000n },
  sharedInput: undefined,
  replaces: [],
  ...over,
});
export const contribution = (over: Partial<Contribution> = {}): Contribution => ({
  ...NOTHING,
  shared: { input: 100n, output: 102n },
  ...over,
});

export function unwrap<T>(result: Result<T, TxFault>): T {
  if (!result.ok) throw new Error(`${result.error.code}`);
  return result.value;
}
export const begin = (of: TxTerms, what: Contribution = contribution()): TxSession => unwrap(beginSession(of, what));

/** What came of two sessions that talked to the end: the transaction of each side, or the fault of whoever found one. */
export interface Talk {
  readonly initiator: Result<ConstructedTx, TxFault> | undefined;
  readonly other: Result<ConstructedTx, TxFault> | undefined;
  readonly said: readonly ConstructionMessage[];
}
export function talk(initiator: TxSession, other: TxSession): Talk {
  const said: ConstructionMessage[] = [];
  const done: { initiator?: Talk["initiator"]; other?: Talk["other"] } = {};
  const sessions = { initiator, other };
  let from: "initiator" | "other" = "initiator";
  let step: Result<SessionStep, TxFault> = speak(initiator);
  for (;;) {
    if (!step.ok) {
      done[from] = step;
      break;
    }
    const { session, reply, constructed } = step.value;
    sessions[from] = session;
    if (constructed !== undefined) done[from] = { ok: true, value: constructed };
    if (reply === undefined) break;
    said.push(reply);
    from = from === "initiator" ? "other" : "initiator";
    step = receiveConstruction(sessions[from], reply);
  }
  return { initiator: done.initiator, other: done.other, said };
}
/** An opener that funds alone and a peer that adds nothing, to the end. */
export function funded(over: Partial<TxTerms> = {}, what: Partial<Contribution> = {}): Talk {
  const inputs = what.inputs ?? [coin("a", 1_001_000n)];
  return talk(begin(terms("local", over), contribution({ ...what, inputs })), begin(terms("remote", over)));
}

export const addInput = (
  of: OwnInput,
  serialId: bigint,
  prevtx: Uint8Array,
  over: Partial<TxAddInput> = {},
): TxAddInput => ({
  name: "tx_add_input",
  channel_id: CHANNEL,
  serial_id: serialId,
  prevtx,
  prevtx_vout: of.vout,
  sequence: 0xffff_fffd,
  ...over,
});
export const addOutput = (serialId: bigint, sats: bigint, script: Uint8Array): TxAddOutput => ({
  name: "tx_add_output",
  channel_id: CHANNEL,
  serial_id: serialId,
  sats: sat(sats),
  script,
});

/** Witnesses for one side's inputs, all of which pay to the key of a name. */
export function witnessesOf(
  constructed: ConstructedTx,
  side: "local" | "remote",
  name: string,
  hashType = SIGHASH_ALL,
): Witnesses {
  const secret = secretOf(name);
  const publicKey = secp256k1.publicKey(secret);
  return ownInputs(constructed, side).map((input) => {
    const index = constructed.inputs.indexOf(input);
    const digest = segwitSighash(constructed.tx, index, p2pkhOf(publicKey), input.spends.amount, hashType);
    return [scriptSignature(secp256k1.sign(digest, secret), hashType), publicKey];
  });
}
export const txidOfCoin = (of: OwnInput): Txid => txidOf(present(of.prevtx, "a coin has a transaction"));
