import { equalBytes } from "../../src/base/bytes.ts";
import { assert, present } from "../../src/base/result.ts";
import { sat, toSatFloor } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { ClosingComplete, ClosingSig } from "../../src/wire/closing.ts";
import { agreedRemote, localTerms } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { closingRequest, type SigningRequest } from "../keys/signer.ts";
import { dustLimitOf } from "../tx/dust.ts";
import { buildSimpleClosing, type SimpleClosingTerms, type SimpleOutputs } from "../tx/simple-closing-tx.ts";
import type { Agreeing } from "./complete.ts";
import type { CloseProposal } from "./state.ts";

/** Under each of its forms the closer may sign, and the closee under one. BOLT 2 §Closing Negotiation: closing_complete and closing_sig. */
const FIELD = {
  closer: "closer_output_only",
  closee: "closee_output_only",
  both: "closer_and_closee_outputs",
} as const satisfies Readonly<Record<SimpleOutputs, keyof ClosingComplete>>;
const FORMS = Object.keys(FIELD) as readonly SimpleOutputs[];

export interface FormSignature {
  readonly outputs: SimpleOutputs;
  readonly signature: Uint8Array;
}
/** The signatures that a message brings. */
export const formSignatures = (message: ClosingComplete | ClosingSig): readonly FormSignature[] =>
  FORMS.flatMap((outputs) => {
    const signature = message[FIELD[outputs]];
    return signature === undefined ? [] : [{ outputs, signature }];
  });

export const proposalOf = (message: ClosingComplete | ClosingSig): CloseProposal => ({
  fee: message.fee_satoshis,
  locktime: message.locktime,
  closerScript: message.closer_scriptpubkey,
  closeeScript: message.closee_scriptpubkey,
});
export const isSameProposal = (a: CloseProposal, b: CloseProposal): boolean =>
  a.fee === b.fee &&
  a.locktime === b.locktime &&
  equalBytes(a.closerScript, b.closerScript) &&
  equalBytes(a.closeeScript, b.closeeScript);

/** The message `name` about a proposal. */
export function closingMessage<N extends "closing_complete" | "closing_sig">(
  { params }: Agreeing,
  name: N,
  proposal: CloseProposal,
  signatures: readonly FormSignature[],
) {
  return {
    name,
    channel_id: params.channelId,
    closer_scriptpubkey: proposal.closerScript,
    closee_scriptpubkey: proposal.closeeScript,
    fee_satoshis: proposal.fee,
    locktime: proposal.locktime,
    ...Object.fromEntries(signatures.map(({ outputs, signature }) => [FIELD[outputs], signature])),
  };
}

/** What a proposal divides. Whoever makes it has been found able to pay its fee. */
export function termsOf(state: Agreeing, closer: "local" | "remote", proposal: CloseProposal): SimpleClosingTerms {
  const { params, commitments } = state;
  const closee = closer === "local" ? "remote" : "local";
  const { balance } = commitments;
  assert(toSatFloor(balance[closer]) >= proposal.fee, "the closer pays no more than it has");
  return {
    funding: localTerms(params).funding,
    closer: { balance: balance[closer], script: proposal.closerScript },
    closee: { balance: balance[closee], script: proposal.closeeScript },
    fee: proposal.fee,
    locktime: proposal.locktime,
  };
}

/** To be signed: one form of a closing transaction, and what of it is ours. */
export function formRequest(
  env: ChannelEnv,
  state: Agreeing,
  terms: SimpleClosingTerms,
  outputs: SimpleOutputs,
  role: "closer" | "closee",
): { readonly tx: Tx; readonly request: SigningRequest } {
  const tx = buildSimpleClosing(terms, outputs);
  const { balance, script } = terms[role];
  const fee = role === "closer" ? terms.fee : sat(0n);
  const share = { balance: toSatFloor(balance), fee, script, dustLimit: dustLimitOf(script) };
  const { format } = state.params.type;
  return {
    tx,
    request: closingRequest({ funding: terms.funding, format, tx, commitment: agreedRemote(env, state), share }),
  };
}

/** Where the peer wants to be paid, as it said last, and we. */
export const scriptsOf = ({ close }: Agreeing): { readonly local: Uint8Array; readonly remote: Uint8Array } => ({
  local: present(close.localScript, "our script is agreed"),
  remote: present(close.remoteScript, "the peer's script is agreed"),
});
