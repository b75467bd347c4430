import { invoiceShape, keysendShape, paymentShape } from "../../src/api/payment-shapes.ts";
import { channelShape, nodeInfoShape, subscriptionShape } from "../../src/api/shapes.ts";
import type { Channel, Invoice, Keysend, NodeInfo, Payment, Subscription } from "../../src/cli/answers.ts";

/** Answers as the daemon gives them: each is held against the API's own schema when the tests load. */
export const NODE = `02${"ab".repeat(32)}`;
export const HASH = "0f".repeat(32);

export const info: NodeInfo = nodeInfoShape.parse({
  id: NODE,
  alias: "alice",
  version: "0.1.0",
  network: "regtest",
  height: 1234,
  blockHash: HASH,
  synced: true,
  syncState: { phase: "synced", done: 1234, total: 1234 },
  addresses: ["127.0.0.1:9735"],
  features: "10",
  crypto: "native",
  peers: 2,
  channels: { active: 1, pending: 0, closing: 0 },
});
export const channel: Channel = channelShape.parse({
  id: `ch_${"cd".repeat(32)}`,
  peer: NODE,
  state: "Normal",
  active: true,
  opener: "local",
  announced: true,
  channelType: ["static_remotekey", "anchors"],
  shortChannelId: "104x1x0",
  funding: `${HASH}:0`,
  capacitySat: "1000000",
  localMsat: "982000025",
  remoteMsat: "17999975",
  spendableMsat: "972000025",
  receivableMsat: "0",
  htlcs: 3,
  localCommitmentNumber: "7",
  remoteCommitmentNumber: "8",
  localAlias: null,
  remoteAlias: null,
  closeAddress: null,
  closingTxid: null,
  splices: [],
});
export const invoice: Invoice = invoiceShape.parse({
  id: `inv_${HASH}`,
  paymentHash: HASH,
  bolt11: "lnbcrt250n1pexample",
  state: "open",
  amountMsat: "25000",
  receivedMsat: null,
  description: "coffee",
  externalId: null,
  createdAt: "2026-01-02T03:04:05.000Z",
  expiresAt: "2026-01-02T04:04:05.000Z",
  settledAt: null,
});
export const payment: Payment = paymentShape.parse({
  id: `pay_${HASH}`,
  paymentHash: HASH,
  state: "pending",
  keysend: false,
  payee: NODE,
  amountMsat: "25000",
  feeMsat: null,
  preimage: null,
  failure: null,
  hops: null,
  createdAt: "2026-01-02T03:04:05.000Z",
  endedAt: null,
});
export const succeeded: Payment = paymentShape.parse({
  ...payment,
  state: "succeeded",
  feeMsat: "25",
  preimage: "7c".repeat(32),
  hops: 2,
  endedAt: "2026-01-02T03:04:05.084Z",
});
export const keysend: Keysend = keysendShape.parse({
  id: `ks_${HASH}`,
  paymentHash: HASH,
  amountMsat: "5500",
  customRecords: { "7629169": "7b7d", "65537": "" },
  receivedAt: "2026-01-02T03:04:05.000Z",
});
export const subscription: Subscription = subscriptionShape.parse({
  id: "ses_1",
  stream: "str_1",
  site: "http://127.0.0.1:1",
  payee: NODE,
  state: "open",
  priceMsatPerUnit: "1000",
  feeMsatPerUnit: "1",
  paidMsat: "0",
  feesMsat: "0",
  owedMsat: "0",
  capMsat: "60000",
  windowUnits: 4,
  units: 3,
  unlocked: [],
});
