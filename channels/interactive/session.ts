import { assert, err, ok, type Result } from "../../src/base/result.ts";
import { strippedTx } from "../../src/bitcoin/tx.ts";
import { encode } from "../../src/codec/codec.ts";
import type {
  TxAddInput,
  TxAddOutput,
  TxComplete,
  TxRemoveInput,
  TxRemoveOutput,
} from "../../src/wire/interactive-tx.ts";
import { type ConstructedTx, construct } from "./constructed.ts";
import type { TxFault } from "./fault.ts";
import { isTheirs, receivedInput, receivedOutput, SEQUENCE } from "./received.ts";
import type { Contribution, TxInput, TxOutput, TxTerms } from "./terms.ts";

/** What is said in turn until both say `tx_complete`. BOLT 2 §Interactive Transaction Construction. */
export type ConstructionMessage = TxAddInput | TxAddOutput | TxRemoveInput | TxRemoveOutput | TxComplete;

/** A transaction under construction. It lives in memory: who loses it has signed nothing. */
export interface TxSession {
  readonly terms: TxTerms;
  /** What we have yet to add, in the order in which it leaves. */
  readonly queue: readonly (TxAddInput | TxAddOutput)[];
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  /** Messages of each kind that the peer has sent: removing what was added does not make them fewer. */
  readonly received: { readonly inputs: number; readonly outputs: number };
  /** Whose message is awaited. */
  readonly turn: "local" | "remote";
  /** The last message was our `tx_complete`: the peer's next one ends the construction. */
  readonly completing: boolean;
}

/** No message with a longer one fits into a frame with the rest of `tx_add_input`. BOLT 1 §Lightning Message Format. */
export const PREVTX_BYTES_MAX = 65_535 - (2 + 32 + 8 + 2 + 4 + 4);

/** A construction before its first message; refused where a coin of ours cannot be shown in one message. */
export function beginSession(terms: TxTerms, contribution: Contribution): Result<TxSession, TxFault> {
  const parity = terms.initiator === "local" ? 0n : 1n;
  const ids = serialIds(parity);
  const queue: (TxAddInput | TxAddOutput)[] = terms.initiator === "local" ? sharedItems(terms, contribution, ids) : [];
  for (const { serialId, prevtx, vout } of contribution.inputs) {
    // Without its witness, which no txid covers: shorter, and as good a proof.
    const bytes = encode(strippedTx, prevtx);
    if (bytes.length > PREVTX_BYTES_MAX) return err({ code: "prevtx_too_long", bytes: bytes.length });
    assert(vout < prevtx.outputs.length, "a coin of ours is an output");
    const { channelId } = terms;
    queue.push({
      name: "tx_add_input",
      channel_id: channelId,
      serial_id: ids(serialId),
      prevtx: bytes,
      prevtx_vout: vout,
      sequence: SEQUENCE,
    });
  }
  for (const { serialId, output } of contribution.outputs) queue.push(addOutput(terms, ids(serialId), output));
  const turn = terms.initiator;
  return ok({
    terms,
    queue,
    inputs: [],
    outputs: [],
    received: { inputs: 0, outputs: 0 },
    turn,
    completing: false,
  });
}

/** Gives each number our parity, and another one where two came out alike. */
function serialIds(parity: bigint): (wanted: bigint) => bigint {
  const taken = new Set<bigint>();
  return (wanted) => {
    let id = BigInt.asUintN(64, (wanted & ~1n) | parity);
    while (taken.has(id)) id = BigInt.asUintN(64, id + 2n);
    taken.add(id);
    return id;
  };
}

function sharedItems(
  terms: TxTerms,
  { shared }: Contribution,
  ids: (wanted: bigint) => bigint,
): (TxAddInput | TxAddOutput)[] {
  const output = addOutput(terms, ids(shared.output), terms.fundingOutput);
  if (terms.sharedInput === undefined) return [output];
  const { txid, vout } = terms.sharedInput.outpoint;
  const input: TxAddInput = {
    name: "tx_add_input",
    channel_id: terms.channelId,
    serial_id: ids(shared.input),
    prevtx: new Uint8Array(0),
    prevtx_vout: vout,
    sequence: SEQUENCE,
    shared_input_txid: txid,
  };
  return [input, output];
}
const addOutput = ({ channelId }: TxTerms, serialId: bigint, output: TxOutput["output"]): TxAddOutput => ({
  name: "tx_add_output",
  channel_id: channelId,
  serial_id: serialId,
  sats: output.amount,
  script: output.script,
});

/** What a message leads to: the session after it, and, once both are complete, the transaction. */
export interface SessionStep {
  readonly session: TxSession;
  /** Our answer, or first message; undefined when the peer's `tx_complete` was the last one. */
  readonly reply: ConstructionMessage | undefined;
  readonly constructed: ConstructedTx | undefined;
}

/** The next message of ours: something to add, or that there is nothing more. To be called when it is our turn. */
export function speak(session: TxSession, afterComplete = false): Result<SessionStep, TxFault> {
  assert(session.turn === "local", "it is our turn");
  const [next, ...queue] = session.queue;
  if (next === undefined) {
    const reply: TxComplete = { name: "tx_complete", channel_id: session.terms.channelId };
    const done = { ...session, turn: "remote" as const, completing: true };
    if (!afterComplete) return ok({ session: done, reply, constructed: undefined });
    const constructed = construct(session);
    return constructed.ok ? ok({ session: done, reply, constructed: constructed.value }) : constructed;
  }
  const said = { ...session, queue, turn: "remote" as const, completing: false };
  const added = next.name === "tx_add_input" ? addOwnInput(said, next) : addOwnOutput(said, next);
  return added.ok ? ok({ session: added.value, reply: next, constructed: undefined }) : added;
}

function addOwnInput(session: TxSession, message: TxAddInput): Result<TxSession, TxFault> {
  const input = receivedInput(session, message, "local");
  return input.ok ? ok({ ...session, inputs: [...session.inputs, input.value] }) : input;
}
function addOwnOutput(session: TxSession, message: TxAddOutput): Result<TxSession, TxFault> {
  const output: TxOutput = {
    serialId: message.serial_id,
    from: "local",
    output: { amount: message.sats, script: message.script },
  };
  return ok({ ...session, outputs: [...session.outputs, output] });
}

/**
 * Takes the peer's message without answering it: it is our turn then, and `speak` answers. The two are apart so that a host
 * can be asked about an input in between.
 */
export function hear(session: TxSession, message: ConstructionMessage): Result<TxSession, TxFault> {
  if (session.turn !== "remote") return err({ code: "tx_out_of_turn" });
  const next: TxSession = { ...session, turn: "local", completing: false };
  switch (message.name) {
    case "tx_add_input": {
      const input = receivedInput(session, message, "remote");
      if (!input.ok) return input;
      const received = { ...session.received, inputs: session.received.inputs + 1 };
      return ok({ ...next, received, inputs: [...session.inputs, input.value] });
    }
    case "tx_add_output": {
      const output = receivedOutput(session, message);
      if (!output.ok) return output;
      const received = { ...session.received, outputs: session.received.outputs + 1 };
      return ok({ ...next, received, outputs: [...session.outputs, output.value] });
    }
    case "tx_remove_input": {
      const inputs = session.inputs.filter((input) => !isTheirs(input, message.serial_id));
      if (inputs.length === session.inputs.length) return nothingToRemove(message);
      return ok({ ...next, inputs });
    }
    case "tx_remove_output": {
      const outputs = session.outputs.filter((output) => !isTheirs(output, message.serial_id));
      if (outputs.length === session.outputs.length) return nothingToRemove(message);
      return ok({ ...next, outputs });
    }
    case "tx_complete":
      return ok(next);
  }
}
const nothingToRemove = ({ serial_id }: TxRemoveInput | TxRemoveOutput): Result<never, TxFault> =>
  err({ code: "nothing_to_remove", serialId: serial_id });

/** The peer's message and our answer to it. */
export function receiveConstruction(session: TxSession, message: ConstructionMessage): Result<SessionStep, TxFault> {
  const heard = hear(session, message);
  if (!heard.ok) return heard;
  if (message.name === "tx_complete" && session.completing) {
    const constructed = construct(heard.value);
    return constructed.ok
      ? ok({ session: heard.value, reply: undefined, constructed: constructed.value })
      : constructed;
  }
  return speak(heard.value, message.name === "tx_complete");
}
