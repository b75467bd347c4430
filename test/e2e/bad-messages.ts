import fc from "fast-check";
import type { ChannelId } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import { standing } from "../../src/wire/negotiated.ts";
import {
  declarationOf,
  decodeMessage,
  encodeMessage,
  MESSAGES,
  type MessageName,
  type WireMessage,
} from "../../src/wire/registry.ts";
import { arbitraryMessage, damaged } from "../support/arbitraries.ts";

/** Everything that can be said after `init`. */
export const NAMES: readonly MessageName[] = MESSAGES.map(({ name }) => name).filter((name) => name !== "init");
const OURS = featureBits(OFFERED.init);
export const meaning = (name: MessageName): ReturnType<typeof standing> => standing(name, OURS, OURS);

/** Said of a channel, to who should know it. */
export function isForChannel(name: MessageName): boolean {
  const { fields } = declarationOf(name);
  const isOfChannel = "channel_id" in fields || "temporary_channel_id" in fields;
  return isOfChannel && name !== "error" && name !== "warning" && meaning(name) === "known";
}

/** A message of this kind, well formed, and about this channel if it is about any. */
export function about(channel: ChannelId, name: MessageName): WireMessage {
  const samples = fc.sample(arbitraryMessage(declarationOf(name)), { seed: 7, numRuns: 1 });
  const message = present(samples[0], "a sample");
  const ids = ["channel_id", "temporary_channel_id"].filter((field) => field in message);
  return { ...message, ...Object.fromEntries(ids.map((field) => [field, channel])) } as WireMessage;
}

export interface BrokenFrame {
  readonly frame: Uint8Array;
  /** What the daemon should say of it. */
  readonly reason: string;
}
/** Frames near to a message that are none: cut short, or with bytes changed, put in or appended. */
export function brokenFrames(name: MessageName, count: number): readonly BrokenFrame[] {
  const near = arbitraryMessage(declarationOf(name)).chain((message) => damaged(encodeMessage(message as WireMessage)));
  const found: BrokenFrame[] = [];
  for (let seed = 1; found.length < count; seed++) {
    const frame = present(fc.sample(near, { seed, numRuns: 1 })[0], "a sample");
    const decoded = decodeMessage(frame);
    if (decoded.ok) continue;
    const { error } = decoded;
    found.push({ frame, reason: error.code === "malformed" ? `${error.message}: ${error.reason}` : error.code });
  }
  return found;
}

/** Bytes with one of them changed. */
export const changed = (bytes: Uint8Array, at: number, to?: number): Uint8Array =>
  bytes.with(at < 0 ? bytes.length + at : at, to ?? (bytes.at(at) as number) ^ 1);
/** A frame of a type that no BOLT knows. */
export const unknown = (type: number, length: number): Uint8Array =>
  new Uint8Array(length).with(0, type >> 8).with(1, type & 0xff);
