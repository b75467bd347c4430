import { expect } from "chai";
import { type BindingMessage, channelKeys, channelSecrets, type FundedState } from "../../channels/index.ts";
import { channelId, nodeId, paymentHash, preimage, type Txid } from "../../src/base/ids.ts";
import { sat } from "../../src/base/units.ts";
import { broken, type Leaving } from "../../src/lab/laws.ts";
import { emptyLedger, type Ledger } from "../../src/lab/ledger.ts";
import type { WireMessage } from "../../src/wire/registry.ts";
import { openChannel } from "./opened.ts";

const bytes = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill);
const PREIMAGE = preimage(bytes(32, 9));

describe("RELIABILITY §4a: what must be durable before what leaves", () => {
  let state: FundedState;
  let seed: Uint8Array;
  before(async () => {
    ({ local: state, seed } = await openChannel());
  });
  const leaving = (durable: Ledger, isGone = false): Leaving => ({
    peer: nodeId(Uint8Array.of(2, ...bytes(32))),
    durable,
    keys: () => channelKeys(channelSecrets(seed)),
    isGone: () => isGone,
  });
  const holding = (held: FundedState = state): Ledger => {
    const ledger = emptyLedger();
    ledger.channels.set(held.params.channelId, held);
    ledger.keyIndexes.add(held.params.keyIndex);
    return ledger;
  };
  const detail = (ledger: Ledger, message: WireMessage): string | undefined => broken(leaving(ledger), message)?.detail;
  const reestablish = (from: FundedState): WireMessage => ({
    name: "channel_reestablish",
    channel_id: from.params.channelId,
    next_commitment_number: from.commitments.local.number + 1n,
    next_revocation_number: from.commitments.remote.number,
    your_last_per_commitment_secret: bytes(32),
    my_current_per_commitment_point: bytes(33, 2),
  });

  it("no binding message may leave for a channel that is not on disk", () => {
    const channel_id = channelId(bytes(32));
    const proposal = {
      closer_scriptpubkey: bytes(22),
      closee_scriptpubkey: bytes(22),
      fee_satoshis: sat(1n),
      locktime: 0,
    };
    const messages: { readonly [N in BindingMessage["name"]]: Extract<BindingMessage, { readonly name: N }> } = {
      funding_signed: { name: "funding_signed", channel_id, signature: bytes(64) },
      tx_signatures: { name: "tx_signatures", channel_id, txid: "11".repeat(32) as Txid, witnesses: [] },
      splice_locked: { name: "splice_locked", channel_id, splice_txid: "11".repeat(32) as Txid },
      channel_ready: { name: "channel_ready", channel_id, second_per_commitment_point: bytes(33, 2) },
      commitment_signed: { name: "commitment_signed", channel_id, signature: bytes(64), htlc_signature: [] },
      revoke_and_ack: {
        name: "revoke_and_ack",
        channel_id,
        per_commitment_secret: bytes(32),
        next_per_commitment_point: bytes(33, 2),
      },
      update_fulfill_htlc: { name: "update_fulfill_htlc", channel_id, id: 0n, payment_preimage: PREIMAGE },
      channel_reestablish: reestablish(state) as Extract<BindingMessage, { name: "channel_reestablish" }>,
      shutdown: { name: "shutdown", channel_id, scriptpubkey: bytes(22) },
      closing_signed: { name: "closing_signed", channel_id, fee_satoshis: sat(1n), signature: bytes(64) },
      closing_complete: { name: "closing_complete", channel_id, ...proposal },
      closing_sig: { name: "closing_sig", channel_id, ...proposal },
    };
    for (const message of Object.values(messages)) {
      expect(broken(leaving(emptyLedger()), message), message.name).to.deep.equal({
        rule: "durable_first",
        detail: "the channel is not written",
      });
    }
  });

  it("channel_reestablish says what is on disk, and no number more", () => {
    expect(detail(holding(), reestablish(state))).to.equal(undefined);
    const ahead = { ...reestablish(state), next_commitment_number: state.commitments.local.number + 2n } as WireMessage;
    expect(detail(holding(), ahead)).to.match(/counts commitments from/);
  });

  it("commitment_signed needs the very commitment on disk (CONFORMANCE 84)", () => {
    const { channelId: channel_id } = state.params;
    const message: WireMessage = { name: "commitment_signed", channel_id, signature: bytes(64), htlc_signature: [] };
    expect(detail(holding(), message)).to.equal("the signed commitment is not written");
    const signed = (signature: Uint8Array): FundedState => {
      const sent = {
        txid: state.commitments.remote.txid,
        signatures: { signature, htlcSignatures: [] },
        updates: [{ tag: "add", id: 7n } as const],
      };
      return { ...state, commitments: { ...state.commitments, sent } };
    };
    expect(detail(holding(signed(bytes(64, 2))), message)).to.equal("another commitment is written");
    expect(detail(holding(signed(bytes(64))), message)).to.equal("HTLC 7 is not written");
  });

  it("revoke_and_ack gives the secret before the newest commitment on disk, and no other (CONFORMANCE 84)", () => {
    const keys = channelKeys(channelSecrets(seed));
    const revocation = (of: bigint): WireMessage => ({
      name: "revoke_and_ack",
      channel_id: state.params.channelId,
      per_commitment_secret: keys.commitmentSecret(of),
      next_per_commitment_point: keys.commitmentPoint(of + 2n),
    });
    const { local } = state.commitments;
    const at = (number: bigint): Ledger =>
      holding({ ...state, commitments: { ...state.commitments, local: { ...local, number } } });
    expect(detail(at(0n), revocation(0n))).to.equal("the commitment that replaces it is not written");
    expect(detail(at(1n), revocation(0n))).to.equal(undefined);
    expect(detail(at(1n), revocation(1n))).to.match(/the commitment that replaces it is not written/);
  });

  it("update_fulfill_htlc needs the settled invoice, or the recorded keysend, beside the marked HTLC", () => {
    const hash = paymentHash(bytes(32, 5));
    const htlc = {
      side: "received",
      id: 3n,
      amount: 1_000n,
      paymentHash: hash,
      expiry: 500,
      onion: bytes(1366),
      step: "SENT_REMOVE_HTLC",
      removal: { tag: "fulfilled", preimage: PREIMAGE },
    } as unknown as FundedState["commitments"]["htlcs"][number];
    const ledger = holding({ ...state, commitments: { ...state.commitments, htlcs: [htlc] } });
    const { channelId: channel_id } = state.params;
    const message: WireMessage = { name: "update_fulfill_htlc", channel_id, id: 3n, payment_preimage: PREIMAGE };
    const nothing = "neither an invoice nor a forward is settled by it, and no keysend is recorded";
    expect(detail(ledger, message)).to.equal(nothing);
    const taken = (htlcId: bigint) => ledger.keysends.set(hash, { htlc: { channelId: channel_id, htlcId } } as never);
    taken(2n);
    expect(detail(ledger, message)).to.equal("another HTLC was taken for it");
    taken(3n);
    expect(detail(ledger, message)).to.equal(undefined);
    ledger.keysends.clear();
    const status = { tag: "Settled", received: 1_000n, settledAt: 0, htlc: { channelId: channel_id, htlcId: 3n } };
    ledger.invoices.set(hash, { status } as never);
    expect(detail(ledger, message)).to.equal(undefined);
    expect(detail(ledger, { ...message, payment_preimage: preimage(bytes(32, 8)) })).to.match(/another preimage/);
  });

  it("update_fail_htlc of a forward waits until the chain has ended what a failed channel downstream still holds", () => {
    const incoming = channelId(bytes(32, 7));
    const out = { side: "offered", id: 4n, step: "SENT_ADD_ACK_REVOCATION", preimage: undefined };
    const origin = { tag: "relay", channelId: incoming, htlcId: 2n };
    const withHtlc = (tag: string, htlc: object): Ledger => {
      const htlcs = [{ ...out, origin, ...htlc }];
      return holding({ ...state, tag, commitments: { ...state.commitments, htlcs } } as unknown as FundedState);
    };
    const message: WireMessage = { name: "update_fail_htlc", channel_id: incoming, id: 2n, reason: bytes(4) };
    const rule = (ledger: Ledger, isGone: boolean): string | undefined =>
      broken(leaving(ledger, isGone), message)?.rule;
    expect(rule(withHtlc("Failed", {}), true)).to.equal(undefined);
    expect(rule(withHtlc("Failed", {}), false)).to.equal("failed_upstream");
    expect(rule(withHtlc("Failed", { preimage: PREIMAGE }), true)).to.equal("failed_upstream");
    expect(rule(withHtlc("Normal", {}), true)).to.equal("failed_upstream");
  });

  it("open_channel needs the index of its keys on disk", () => {
    const { fundingPubkey: funding_pubkey } = channelKeys(channelSecrets(seed));
    const message = { name: "open_channel", funding_pubkey } as unknown as WireMessage;
    expect(detail(emptyLedger(), message)).to.equal("the index of its keys is not written");
    expect(detail(holding(), message)).to.equal(undefined);
  });

  it("messages of parts that the node does not speak never leave", () => {
    expect(detail(holding(), { name: "onion_message" } as unknown as WireMessage)).to.match(
      /never sends onion_message/,
    );
  });
});
