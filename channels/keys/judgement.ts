import { equalBytes } from "../../src/base/bytes.ts";
import type { Outpoint } from "../../src/base/ids.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import { obscuredNumberOf } from "../tx/commitment-number.ts";
import { basepointsOf, type ChannelSecrets, commitmentPointOf } from "./channel-keys.ts";
import { judgeClosing } from "./close-judgement.ts";
import { isOwnCommitment, isPeersCommitment } from "./commitment-judgement.ts";
import type { Basepoints } from "./commitment-keys.ts";
import { type PeersCommitment, peerKeyIn } from "./entitlement.ts";
import type { SignedCommitment, SignerMemory, SigningRefusal, SigningRequest } from "./signer.ts";
import { judgeSplice, makesFunding } from "./splice-judgement.ts";

/** What is signed for one funding is remembered as long as the channel: a peer that begins and gives up fills no more than that. Policy, not protocol. */
export const FUNDINGS_MAX = 4_096;

const VOUT_MAX = 0xffff;

type Judged = Result<SignerMemory, SigningRefusal>;
type Of<P extends SigningRequest["purpose"]> = Extract<SigningRequest, { readonly purpose: P }>;
const malformed: Judged = err({ code: "malformed_request" });

/** What a signer remembers once it has signed this, or why it does not. */
export function judge(secrets: ChannelSecrets, memory: SignerMemory, request: SigningRequest): Judged {
  const keys = basepointsOf(secrets);
  if (!spendsFunding(request) || txidOf(request.tx) !== request.txid || !areSecondStages(request)) return malformed;
  if (peerKeyIn(request.funding, keys.fundingPubkey) === undefined) return malformed;
  const named = whereNumbered(memory, request);
  if (named === undefined) return malformed;
  switch (request.purpose) {
    case "remote_commitment":
      return isPeersCommitment(keys, request) ? remoteJudged(named, request) : malformed;
    case "local_commitment":
      return isOurs(secrets, named, request) ? localJudged(named, request) : malformed;
    case "closing":
      return closingJudged(keys, named, request);
    case "splice":
      return spliceJudged(keys, named, request);
  }
}

/** Only a splice spends other coins with it. The index of a funding output has 16 bits. BOLT 2 §Definition of `channel_id`. */
function spendsFunding(request: SigningRequest): boolean {
  const { tx, funding } = request;
  const isSplice = request.purpose === "splice";
  const input = tx.inputs[isSplice ? request.index : 0];
  if (funding.outpoint.vout > VOUT_MAX) return false;
  return (isSplice || tx.inputs.length === 1) && input !== undefined && isSame(input.prevout, funding.outpoint);
}
const isSame = (a: Outpoint, b: Outpoint): boolean => a.txid === b.txid && a.vout === b.vout;

/** Each spends an output of the commitment, of the amount and with the script that it says. */
function areSecondStages(request: SigningRequest): boolean {
  if (request.purpose !== "remote_commitment") return true;
  return request.htlcs.every(({ tx, amount, witnessScript }) => {
    const [input, ...others] = tx.inputs;
    if (input === undefined || others.length > 0 || input.prevout.txid !== request.txid) return false;
    const spent = request.tx.outputs[input.prevout.vout];
    return spent !== undefined && spent.amount === amount && equalBytes(spent.script, p2wshOf(witnessScript));
  });
}

/**
 * A commitment has the number that it is asked for by, and what is none has none: else one that is revoked could be had
 * under another name. The first commitment shows what hides the numbers of all. Undefined when it is not so.
 */
function whereNumbered(memory: SignerMemory, request: SigningRequest): SignerMemory | undefined {
  const obscured = obscuredNumberOf(request.tx);
  if (request.purpose === "closing" || request.purpose === "splice")
    return obscured === undefined || request.tx.inputs.length > 1 ? memory : undefined;
  if (obscured === undefined) return undefined;
  const factor = obscured ^ request.number;
  if (memory.obscuringFactor === undefined) return { ...memory, obscuringFactor: factor };
  return memory.obscuringFactor === factor ? memory : undefined;
}

function isOurs(secrets: ChannelSecrets, memory: SignerMemory, request: Of<"local_commitment">): boolean {
  const point = commitmentPointOf(secrets, request.number);
  return isOwnCommitment(basepointsOf(secrets), point, memory.obscuringFactor, request);
}

function remoteJudged(memory: SignerMemory, request: Of<"remote_commitment">): Judged {
  const { number, txid } = request;
  const funding = request.funding.outpoint;
  const before = signedOn(memory, funding);
  if (before !== undefined && number < before.number) return err({ code: "number_went_back", newest: before.number });
  if (number === before?.number)
    return txid === before.txid ? ok(memory) : err({ code: "number_signed_before", number, txid: before.txid });
  if (memory.broadcastFrom !== undefined) return ended(memory.broadcastFrom);
  if (before === undefined && memory.signed.length >= FUNDINGS_MAX)
    return err({ code: "too_many_fundings", maximum: FUNDINGS_MAX });
  if (before === undefined) return ok({ ...memory, signed: [...memory.signed, { funding, number, txid }] });
  return ok({ ...memory, signed: memory.signed.map((one) => (one === before ? { funding, number, txid } : one)) });
}
const signedOn = ({ signed }: SignerMemory, outpoint: Outpoint): SignedCommitment | undefined =>
  signed.find(({ funding }) => isSame(funding, outpoint));
const ended = (broadcastFrom: bigint): Judged => err({ code: "own_commitment_broadcast", broadcastFrom });

function localJudged(memory: SignerMemory, { number }: Of<"local_commitment">): Judged {
  const { revokedBelow, broadcastFrom } = memory;
  if (number < revokedBelow) return err({ code: "own_commitment_revoked", revokedBelow });
  return ok(publishedFrom(memory, broadcastFrom !== undefined && broadcastFrom < number ? broadcastFrom : number));
}
const publishedFrom = (memory: SignerMemory, broadcastFrom: bigint): SignerMemory =>
  memory.broadcastFrom === broadcastFrom ? memory : { ...memory, broadcastFrom };

/** Nobody can revoke a mutual close: it counts as published, and is the last that the channel comes to. */
function closingJudged(keys: Basepoints, memory: SignerMemory, request: Of<"closing">): Judged {
  if (!isNewest(memory, request.funding.outpoint, request.commitment)) return malformed;
  const refusal = judgeClosing(keys, request);
  return refusal === undefined ? ok(publishedFrom(memory, memory.broadcastFrom ?? memory.revokedBelow)) : err(refusal);
}
/** Whether this is the commitment that was signed last for that funding. */
const isNewest = (memory: SignerMemory, funding: Outpoint, { tx }: PeersCommitment): boolean =>
  signedOn(memory, funding)?.txid === txidOf(tx);

/** A channel moves only to a funding output over which both have signed commitments, and never once ours may be published. */
function spliceJudged(keys: Basepoints, memory: SignerMemory, request: Of<"splice">): Judged {
  const { funding, next, commitments, txid } = request;
  if (memory.broadcastFrom !== undefined) return ended(memory.broadcastFrom);
  if (!isNewest(memory, funding.outpoint, commitments.before)) return malformed;
  if (next.outpoint.txid !== txid || !makesFunding(request)) return malformed;
  if (!isNewest(memory, next.outpoint, commitments.after)) return err({ code: "splice_unsigned" });
  const refusal = judgeSplice(request, keys);
  return refusal === undefined ? ok(memory) : err(refusal);
}
