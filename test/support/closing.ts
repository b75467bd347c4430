import { closingMessage } from "../../channels/close/proposal.ts";
import { localTerms } from "../../channels/commitments.ts";
import type { FundedState } from "../../channels/index.ts";
import type { Negotiating } from "../../channels/state.ts";
import { buildClosing, type ClosingOutputs } from "../../channels/tx/closing-tx.ts";
import { buildSimpleClosing, type SimpleOutputs } from "../../channels/tx/simple-closing-tx.ts";
import { type Sat, sat, satPerKw } from "../../src/base/units.ts";
import { segwitSighash } from "../../src/bitcoin/sighash.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { ClosingComplete, ClosingSigned } from "../../src/wire/closing.ts";
import { type Name, normal, type Opening, other, type Pair, SCRIPT } from "./channel-pair.ts";

export const close = (pair: Pair, name: Name, feerate = 500) =>
  pair.give(name, { tag: "Shutdown", script: SCRIPT[name], feerate: satPerKw(feerate) });
/** What has left each side, oldest first. */
export const names = (pair: Pair): string[] => pair.trace.map(({ from, message }) => `${from} ${message.name}`);

/** A signature of a party's funding key under any transaction. */
export function signedBy(pair: Pair, name: Name, tx: Tx): Uint8Array {
  const { funding } = localTerms((pair.parties[name].state as FundedState).params);
  const digest = segwitSighash(tx, 0, funding.witnessScript, funding.amount);
  return secp256k1.sign(digest, pair.parties[name].secrets.funding);
}

/** What a party would sign at any fee. Without a `fee_range` unless told. */
export function closingOf(
  pair: Pair,
  name: Name,
  fee: Sat,
  {
    outputs = "both",
    range,
    script = SCRIPT[name],
  }: { readonly outputs?: ClosingOutputs; readonly range?: readonly [Sat, Sat]; readonly script?: Uint8Array } = {},
): ClosingSigned {
  const { params, commitments } = pair.parties[name].state as FundedState;
  const { funding } = localTerms(params);
  const sides = {
    local: { balance: commitments.balance.local, script },
    remote: { balance: commitments.balance.remote, script: SCRIPT[other(name)] },
  };
  const tx = buildClosing({ funding, opener: params.opener, ...sides }, fee, outputs);
  const signature = signedBy(pair, name, tx);
  const ranged = range && { fee_range: { min_fee_satoshis: range[0], max_fee_satoshis: range[1] } };
  return { name: "closing_signed", channel_id: params.channelId, fee_satoshis: fee, signature, ...ranged };
}

/** A pair that closes by option_simple_close. */
export function simple(opening: Opening = {}): Pair {
  const pair = normal(opening);
  pair.features = SIMPLE;
  return pair;
}
const SIMPLE = [0, 8, 12, 14, 22, 26, 44, 60];
/** Until both shutdowns have been received; what follows is on its way. */
export function shut(pair: Pair, by: Name = "a"): Pair {
  close(pair, by);
  while (!pair.trace.some(({ message }) => message.name === "closing_complete"))
    if (!pair.deliver("a")) pair.deliver("b");
  for (const name of ["a", "b"] as const) while (pair.parties[name].state.tag === "ShuttingDown") pair.deliver(name);
  return pair;
}

export interface Proposed {
  readonly fee?: bigint;
  readonly locktime?: number;
  readonly forms?: readonly SimpleOutputs[];
  readonly closerScript?: Uint8Array;
  readonly closeeScript?: Uint8Array;
}
/** A closing transaction as a party could make it, whatever it is worth, in the message that proposes it. */
export function proposedBy(pair: Pair, closer: Name, proposed: Proposed = {}): ClosingComplete {
  const { params, commitments } = pair.parties[closer].state as FundedState;
  const { fee = 500n, locktime = 0, forms = ["both"] } = proposed;
  const { closerScript = SCRIPT[closer], closeeScript = SCRIPT[other(closer)] } = proposed;
  const terms = {
    funding: localTerms(params).funding,
    closer: { balance: commitments.balance.local, script: closerScript },
    closee: { balance: commitments.balance.remote, script: closeeScript },
    fee: sat(fee),
    locktime,
  };
  const signed = forms.map((outputs) => ({
    outputs,
    signature: signedBy(pair, closer, buildSimpleClosing(terms, outputs)),
  }));
  const proposal = { fee: sat(fee), locktime, closerScript, closeeScript };
  return closingMessage(pair.parties[closer].state as Negotiating, "closing_complete", proposal, signed);
}
