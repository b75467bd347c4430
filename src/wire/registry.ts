import { assert, err, ok, type Result } from "../base/result.ts";
import type { DecodeError } from "../codec/io.ts";
import { ClosingComplete, ClosingSig, ClosingSigned, Shutdown } from "./closing.ts";
import { type AnyMessage, decodePayload, frame, type MessageOf } from "./declare.ts";
import { AnnouncementSignatures, ChannelAnnouncement, ChannelUpdate, NodeAnnouncement } from "./gossip.ts";
import {
  GossipTimestampFilter,
  QueryChannelRange,
  QueryShortChannelIds,
  ReplyChannelRange,
  ReplyShortChannelIdsEnd,
} from "./gossip-queries.ts";
import {
  TxAbort,
  TxAckRbf,
  TxAddInput,
  TxAddOutput,
  TxComplete,
  TxInitRbf,
  TxRemoveInput,
  TxRemoveOutput,
  TxSignatures,
} from "./interactive-tx.ts";
import { OnionMessage } from "./onion-messages.ts";
import {
  AcceptChannel,
  AcceptChannel2,
  ChannelReady,
  FundingCreated,
  FundingSigned,
  OpenChannel,
  OpenChannel2,
} from "./opening.ts";
import { ErrorMessage, Init, PeerStorage, PeerStorageRetrieval, Ping, Pong, Warning } from "./setup.ts";
import { SpliceAck, SpliceInit, SpliceLocked, Stfu } from "./splicing.ts";
import {
  ChannelReestablish,
  CommitmentSigned,
  RevokeAndAck,
  StartBatch,
  UpdateAddHtlc,
  UpdateFailHtlc,
  UpdateFailMalformedHtlc,
  UpdateFee,
  UpdateFulfillHtlc,
} from "./updates.ts";

/** Every message of the BOLTs that this node can read and write, in order of type number. */
export const MESSAGES = [
  Warning,
  Stfu,
  PeerStorage,
  PeerStorageRetrieval,
  Init,
  ErrorMessage,
  Ping,
  Pong,
  OpenChannel,
  AcceptChannel,
  FundingCreated,
  FundingSigned,
  ChannelReady,
  Shutdown,
  ClosingSigned,
  ClosingComplete,
  ClosingSig,
  OpenChannel2,
  AcceptChannel2,
  TxAddInput,
  TxAddOutput,
  TxRemoveInput,
  TxRemoveOutput,
  TxComplete,
  TxSignatures,
  TxInitRbf,
  TxAckRbf,
  TxAbort,
  SpliceLocked,
  SpliceInit,
  SpliceAck,
  StartBatch,
  UpdateAddHtlc,
  UpdateFulfillHtlc,
  UpdateFailHtlc,
  CommitmentSigned,
  RevokeAndAck,
  UpdateFee,
  UpdateFailMalformedHtlc,
  ChannelReestablish,
  ChannelAnnouncement,
  NodeAnnouncement,
  ChannelUpdate,
  AnnouncementSignatures,
  QueryShortChannelIds,
  ReplyShortChannelIdsEnd,
  QueryChannelRange,
  ReplyChannelRange,
  GossipTimestampFilter,
  OnionMessage,
] as const;
/** Any message of the BOLTs, told apart by `name`. */
export type WireMessage = MessageOf<(typeof MESSAGES)[number]>;
export type MessageName = WireMessage["name"];

/** A message of a type that is not declared. An odd one is passed over; an even one ends the connection. BOLT 1 §Lightning Message Format. */
export interface UnknownMessage {
  readonly name: "unknown";
  readonly type: number;
  readonly odd: boolean;
}
/** Bytes that are no message: `type` and `message` where they could still be told. */
export type WireFault =
  | { readonly code: "no_type" }
  | { readonly code: "too_long"; readonly length: number }
  | { readonly code: "malformed"; readonly type: number; readonly message: MessageName; readonly reason: DecodeError };

/** Type and payload together. BOLT 1 §Lightning Message Format. */
export const MESSAGE_BYTES_MAX = 65_535;
const TYPE_BYTES = 2;

const byType = new Map<number, AnyMessage>(MESSAGES.map((declared) => [declared.type, declared]));
const byName = new Map<string, AnyMessage>(MESSAGES.map((declared) => [declared.name, declared]));
assert(byType.size === MESSAGES.length && byName.size === MESSAGES.length, "each message is declared once");

/** The 2-byte type in front, or undefined when there is none. */
export const messageType = (bytes: Uint8Array): number | undefined =>
  bytes.length < TYPE_BYTES ? undefined : ((bytes[0] as number) << 8) | (bytes[1] as number);
/** What stands behind the type: the part of gossip that is signed and stored begins here. */
export const payloadOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(TYPE_BYTES);
/** The declaration of a message. */
export function declarationOf(name: MessageName): AnyMessage {
  const declared = byName.get(name);
  assert(declared !== undefined, `a declared message: ${name}`);
  return declared;
}

/** The message of one decrypted transport frame. Never throws. */
export function decodeMessage(bytes: Uint8Array): Result<WireMessage | UnknownMessage, WireFault> {
  const type = messageType(bytes);
  if (type === undefined) return err({ code: "no_type" });
  if (bytes.length > MESSAGE_BYTES_MAX) return err({ code: "too_long", length: bytes.length });
  const declared = byType.get(type);
  if (declared === undefined) return ok({ name: "unknown", type, odd: type % 2 === 1 });
  const decoded = decodePayload(declared, payloadOf(bytes));
  if (decoded.ok) return ok(decoded.value as WireMessage);
  return err({ code: "malformed", type, message: declared.name as MessageName, reason: decoded.error });
}

/** The bytes for one transport frame. Throws on a value that its type does not allow, or that is too long: bugs of ours. */
export function encodeMessage(message: WireMessage): Uint8Array {
  const bytes = frame(declarationOf(message.name), message as never);
  assert(bytes.length <= MESSAGE_BYTES_MAX, `${message.name} fits into one frame`);
  return bytes;
}
