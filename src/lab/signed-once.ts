import { equalBytes } from "../base/bytes.ts";
import type { CommitmentSigned } from "../wire/updates.ts";
import type { Fault } from "./books.ts";
import type { Ledger } from "./ledger.ts";

/** The newest commitments of the peers of one node that it has signed, over all its lives, by channel and funding. */
export class SignedOnce {
  readonly #newest = new Map<string, { readonly number: bigint; readonly signature: Uint8Array }>();

  /** One number, one commitment, and never one before it. Signatures are deterministic, so the same again is the same bytes. */
  judge({ channels }: Ledger, { channel_id: id, signature, funding_txid: named }: CommitmentSigned): Fault | undefined {
    const state = channels.get(id);
    if (state === undefined || !("commitments" in state)) return undefined;
    const { params, commitments } = state;
    const other = commitments.others.find(({ terms }) => terms.outpoint.txid === named);
    // The first commitment over a splice has the number of those that there are.
    const isFirst = other !== undefined && other.sent === undefined;
    const number = commitments.remote.number + (isFirst ? 0n : 1n);
    const funding = `${id}/${named ?? params.funding.txid}`;
    const before = this.#newest.get(funding);
    this.#newest.set(funding, { number, signature });
    if (before === undefined || number > before.number) return undefined;
    if (number === before.number && equalBytes(before.signature, signature)) return undefined;
    return { rule: "revoked_state", detail: `commitment ${number} of ${id} is signed after ${before.number}` };
  }
}
