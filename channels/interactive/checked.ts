import { type Outpoint, outpointKey } from "../../src/base/ids.ts";
import { err, ok, present, type Result } from "../../src/base/result.ts";
import type { TxFault } from "./fault.ts";
import {
  type ConstructionMessage,
  hear,
  receiveConstruction,
  type SessionStep,
  speak,
  type TxSession,
} from "./session.ts";
import type { TxInput } from "./terms.ts";

/** What follows a message of the peer: our answer, or, where only the host can say whether its coin is confirmed, that it is asked. */
export type HeardStep =
  | { readonly tag: "answered"; readonly step: SessionStep }
  | { readonly tag: "checking"; readonly session: TxSession; readonly input: TxInput };

/** Takes the peer's message; `confirmedOnly` if we have sent `require_confirmed_inputs`. BOLT 2 §The tx_add_input Message. */
export function hearChecked(
  session: TxSession,
  message: ConstructionMessage,
  confirmedOnly: boolean,
): Result<HeardStep, TxFault> {
  if (message.name !== "tx_add_input" || !confirmedOnly) return answered(receiveConstruction(session, message));
  const heard = hear(session, message);
  if (!heard.ok) return heard;
  const input = present(heard.value.inputs.at(-1), "an input was added");
  // What both spend of the channel is no coin of the peer's.
  return input.shared ? answered(speak(heard.value)) : ok({ tag: "checking", session: heard.value, input });
}
const answered = (step: Result<SessionStep, TxFault>): Result<HeardStep, TxFault> =>
  step.ok ? ok({ tag: "answered", step: step.value }) : step;

/** The host has looked at the input with the id `checking`: our answer. Undefined when it is not what the host was asked about. */
export function afterCheck(
  session: TxSession,
  checking: bigint,
  { outpoint, confirmed }: { readonly outpoint: Outpoint; readonly confirmed: boolean },
): Result<SessionStep, TxFault> | undefined {
  const asked = session.inputs.find(({ serialId }) => serialId === checking);
  if (asked === undefined || outpointKey(asked.outpoint) !== outpointKey(outpoint)) return undefined;
  return confirmed ? speak(session) : err({ code: "input_unconfirmed", serialId: checking });
}
