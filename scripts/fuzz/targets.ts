import fc from "fast-check";
import { decodeChannel, encodeChannel } from "../../channels/index.ts";
import {
  decodeFinalPayload,
  decodeForwardPayload,
  encodeFinalPayload,
  encodeForwardPayload,
} from "../../routing/onion/payload.ts";
import { decodeBech32, encodeBech32 } from "../../src/base/bech32.ts";
import { concat } from "../../src/base/bytes.ts";
import { paymentHash, preimage, shortChannelId, txid } from "../../src/base/ids.ts";
import { present, type Result } from "../../src/base/result.ts";
import { cltvExpiry, msat, sat } from "../../src/base/units.ts";
import {
  BITCOIN_COMMANDS,
  type BitcoinMessage,
  decodePayload,
  encodePayload,
  payloadCodec,
} from "../../src/bitcoin/messages.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { type Codec, decode, encode } from "../../src/codec/codec.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { decodeInvoice, encodeInvoice, signedInvoice } from "../../src/payments/invoice.ts";
import { keysendRecord } from "../../src/payments/keysend.ts";
import { paymentRecord } from "../../src/payments/payment-codec.ts";
import { featureBits } from "../../src/wire/features.ts";
import { decodeMessage, encodeMessage, MESSAGES, type WireMessage } from "../../src/wire/registry.ts";
import { arbitrary, arbitraryMessage } from "../../test/support/arbitraries.ts";
import { durableSamples } from "../../test/support/durable-samples.ts";
import { KEYSENDS, PAYMENTS } from "../../test/support/payment-samples.ts";

/** A decoder that strangers reach, and good bytes to begin from. */
export interface Target {
  readonly name: string;
  readonly samples: () => readonly Uint8Array[];
  /** What was read, if it is worth writing: `again` gives bytes that mean the same. */
  readonly decode: (bytes: Uint8Array) => Result<{ readonly again: () => Uint8Array } | undefined, unknown>;
}
const SAMPLES = 40;
const SEED = 5;

const readBack = <T, E>(read: Result<T, E>, write: (value: T) => Uint8Array) =>
  read.ok ? { ok: true as const, value: { again: () => write(read.value) } } : read;

/** Where a value says less than the bytes that it was read from. */
const justRead = <E>(read: Result<unknown, E>) => (read.ok ? { ok: true as const, value: undefined } : read);

const wireTargets = MESSAGES.map(
  (declared): Target => ({
    name: declared.name,
    samples: () =>
      fc
        .sample(arbitraryMessage(declared), { numRuns: SAMPLES, seed: SEED })
        .map((message) => encodeMessage(message as WireMessage)),
    decode: (bytes) => {
      // The type is not what is tried: every case reaches this message's decoder.
      const framed = concat(Uint8Array.of(declared.type >> 8, declared.type & 0xff), bytes.subarray(2));
      return readBack(decodeMessage(framed), (message) => encodeMessage(message as WireMessage));
    },
  }),
);
const samplesOf = (codec: Codec<unknown>): readonly Uint8Array[] =>
  fc.sample(arbitrary(codec), { numRuns: SAMPLES, seed: SEED }).map((value) => encode(codec, value));
const { genesis } = CHAINS.mainnet;
const TX: Tx = {
  version: 2,
  inputs: [
    {
      prevout: { txid: txid(new Uint8Array(32).fill(7)), vout: 1 },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_fffd,
      witness: [new Uint8Array(71), new Uint8Array(33)],
    },
  ],
  outputs: [{ amount: sat(1_000n), script: new Uint8Array(22) }],
  locktime: 800_000,
};
const block_hash = CHAINS.mainnet.genesisHash;
/** Payloads that take more than their shape says: nothing may follow each header, a witness stands apart from its input. */
const BY_HAND: readonly BitcoinMessage[] = [
  { name: "headers", headers: [genesis.header, genesis.header] },
  { name: "tx", tx: TX },
  { name: "block", block: { header: genesis.header, txs: [...genesis.txs, TX] } },
  { name: "blocktxn", block_hash, txs: [TX, TX] },
  {
    name: "cmpctblock",
    header: genesis.header,
    nonce: 7n,
    short_ids: [1, 2],
    prefilled: genesis.txs.map((tx) => ({ index: 0, tx })),
  },
];
const bitcoinTargets = BITCOIN_COMMANDS.map(
  (command): Target => ({
    name: `bitcoin ${command}`,
    samples: () => {
      const byHand = BY_HAND.filter(({ name }) => name === command);
      return byHand.length > 0 ? byHand.map(encodePayload) : samplesOf(payloadCodec(command));
    },
    decode: (bytes) => {
      const read = decodePayload(command, bytes);
      if (!read.ok) return read;
      const message = present(read.value, "a declared command");
      return { ok: true, value: { again: () => encodePayload(message) } };
    },
  }),
);
/** The words of an invoice with a field of each kind. */
function invoiceWords(): Uint8Array {
  const unsigned = encodeInvoice({
    network: "regtest",
    amount: msat(250_000n),
    timestamp: 1_700_000_000,
    paymentHash: paymentHash(new Uint8Array(32).fill(2)),
    paymentSecret: new Uint8Array(32).fill(3),
    description: "one of each",
    expirySeconds: 3_600,
    minFinalCltvExpiryDelta: 40,
    features: featureBits([8, 14]),
    routeHints: [],
    paymentMetadata: new Uint8Array(12),
  });
  const { hrp, words, digest } = present(unsigned.ok ? unsigned.value : undefined, "an invoice of our own");
  const text = signedInvoice({ hrp, words, digest }, secp256k1.signRecoverable(digest, new Uint8Array(32).fill(4)));
  return present(decodeBech32(text, text.length), "what was just written").words;
}
const hop = { amtToForward: msat(1_000_000n), outgoingCltvValue: cltvExpiry(800_000) };
const others: readonly Target[] = [
  {
    name: "onion payload of a router",
    samples: () => [encodeForwardPayload({ ...hop, shortChannelId: shortChannelId(800_000, 3, 1) })],
    decode: (bytes) => justRead(decodeForwardPayload(bytes)),
  },
  {
    name: "onion payload of a payee",
    samples: () =>
      [undefined, preimage(new Uint8Array(32).fill(2))].map((keysendPreimage) =>
        encodeFinalPayload({
          ...hop,
          paymentSecret: new Uint8Array(32).fill(1),
          totalMsat: msat(1_000_000n),
          paymentMetadata: new Uint8Array(9),
          keysendPreimage,
          customRecords: [{ type: 65_537n, value: new Uint8Array(300) }],
        }),
      ),
    decode: (bytes) => justRead(decodeFinalPayload(bytes)),
  },
  {
    name: "invoice",
    samples: () => [invoiceWords()],
    // Behind a right checksum: what changes is what a stranger would have written.
    decode: (bytes) => {
      const words = bytes.map((byte) => byte & 31);
      return justRead(decodeInvoice(encodeBech32({ hrp: "lnbcrt", words, variant: "bech32" }), "regtest"));
    },
  },
  {
    name: "record of a channel",
    samples: () => Object.values(durableSamples()).map(encodeChannel),
    decode: (bytes) => readBack(decodeChannel(bytes), encodeChannel),
  },
  {
    name: "record of a payment",
    samples: () => Object.values(PAYMENTS).map((payment) => encode(paymentRecord, payment)),
    decode: (bytes) => readBack(decode(paymentRecord, bytes), (payment) => encode(paymentRecord, payment)),
  },
  {
    name: "record of a payment without an invoice",
    samples: () => Object.values(KEYSENDS).map((keysend) => encode(keysendRecord, keysend)),
    decode: (bytes) => readBack(decode(keysendRecord, bytes), (keysend) => encode(keysendRecord, keysend)),
  },
];
export const TARGETS: readonly Target[] = [...wireTargets, ...bitcoinTargets, ...others];
