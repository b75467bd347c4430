import { localTerms } from "../../channels/commitments.ts";
import type { FundedState } from "../../channels/index.ts";
import { buildClosing, type ClosingOutputs } from "../../channels/tx/closing-tx.ts";
import { type Sat, satPerKw } from "../../src/base/units.ts";
import { segwitSighash } from "../../src/bitcoin/sighash.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { ClosingSigned } from "../../src/wire/closing.ts";
import { type Name, other, type Pair, SCRIPT } from "./channel-pair.ts";

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
