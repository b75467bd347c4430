import { open, seal } from "#symmetric";
import { concat, utf8 } from "../base/bytes.ts";
import { err, ok, present, type Result } from "../base/result.ts";
import { hkdf, sha256 } from "./hash.ts";
import { nonceBytes, PacketKey } from "./noise-packets.ts";
import { secp256k1 } from "./secp256k1.ts";
import { type StaticKey, staticKeyOf } from "./static-key.ts";

/** Our node's key, and a secret drawn for this connection alone: 32 bytes in 1..n-1. */
export interface NoiseSecrets {
  readonly local: StaticKey;
  readonly ephemeral: Uint8Array;
}
/** What was wrong with an act. `bad_key`: no point of the curve; `bad_tag`: not made for us, or changed on the way. */
export type ActFault = "bad_version" | "bad_key" | "bad_tag";
export interface SessionKeys {
  readonly sending: PacketKey;
  readonly receiving: PacketKey;
  /** The other node's id as 33 bytes: proven to hold its secret. */
  readonly remote: Uint8Array;
}

/** BOLT 8 §Handshake Exchange. */
export const ACT_BYTES = { one: 50, two: 50, three: 66 } as const;
const VERSION = 0;
const POINT_BYTES = 33;
const NOTHING = new Uint8Array(0);
const PROTOCOL = sha256(utf8("Noise_XK_secp256k1_ChaChaPoly_SHA256"));
const PROLOGUE = sha256(concat(PROTOCOL, utf8("lightning")));

/** The running hash, the chaining key and the newest temporary key. BOLT 8 §Handshake State. */
interface Transcript {
  readonly hash: Uint8Array;
  readonly chainingKey: Uint8Array;
  readonly temporaryKey: Uint8Array;
}
/** Both sides begin with the responder's node key. BOLT 8 §Handshake State Initialization. */
const begin = (responder: Uint8Array): Transcript => ({
  hash: sha256(concat(PROLOGUE, responder)),
  chainingKey: PROTOCOL,
  temporaryKey: NOTHING,
});
const mixHash = (transcript: Transcript, bytes: Uint8Array): Transcript => ({
  ...transcript,
  hash: sha256(concat(transcript.hash, bytes)),
});
function mixKey(transcript: Transcript, shared: Uint8Array): Transcript {
  const [chainingKey, temporaryKey] = hkdf(transcript.chainingKey, shared, NOTHING, 2) as [Uint8Array, Uint8Array];
  return { hash: transcript.hash, chainingKey, temporaryKey };
}
const sealed = (transcript: Transcript, nonce: number, plain: Uint8Array): Uint8Array =>
  seal(transcript.temporaryKey, nonceBytes(nonce), transcript.hash, plain);
const opened = (transcript: Transcript, nonce: number, cipher: Uint8Array): Uint8Array | undefined =>
  open(transcript.temporaryKey, nonceBytes(nonce), transcript.hash, cipher);

/** Acts one and two have one form: an ephemeral key, and a tag that only the holder of the shared secret can make. */
function ephemeralAct(transcript: Transcript, secrets: NoiseSecrets, shared: Uint8Array) {
  const point = secp256k1.publicKey(secrets.ephemeral);
  const keyed = mixKey(mixHash(transcript, point), shared);
  const tag = sealed(keyed, 0, NOTHING);
  return { transcript: mixHash(keyed, tag), bytes: concat(Uint8Array.of(VERSION), point, tag) };
}
function readEphemeralAct(transcript: Transcript, key: StaticKey, act: Uint8Array) {
  if (act[0] !== VERSION) return err<ActFault>("bad_version");
  const point = act.slice(1, 1 + POINT_BYTES);
  const shared = key.ecdh(point);
  if (shared === undefined) return err<ActFault>("bad_key");
  const keyed = mixKey(mixHash(transcript, point), shared);
  const tag = act.subarray(1 + POINT_BYTES);
  if (opened(keyed, 0, tag) === undefined) return err<ActFault>("bad_tag");
  return ok({ transcript: mixHash(keyed, tag), point });
}

/** The initiator's sending key is the responder's receiving key. BOLT 8 §Act Three. */
function split(transcript: Transcript): { readonly forward: PacketKey; readonly backward: PacketKey } {
  const [forward, backward] = hkdf(transcript.chainingKey, NOTHING, NOTHING, 2) as [Uint8Array, Uint8Array];
  return {
    forward: new PacketKey(transcript.chainingKey, forward),
    backward: new PacketKey(transcript.chainingKey, backward),
  };
}

/** An initiator that has sent act one. */
export interface AwaitingActTwo {
  readonly actOne: Uint8Array;
  finish(actTwo: Uint8Array): Result<{ readonly actThree: Uint8Array; readonly keys: SessionKeys }, ActFault>;
}
/** Begins a handshake with the node of this id; undefined when the id is no point. BOLT 8 §Act One. */
export function initiate(secrets: NoiseSecrets, remote: Uint8Array): AwaitingActTwo | undefined {
  const shared = secp256k1.ecdh(remote, secrets.ephemeral);
  if (shared === undefined) return undefined;
  const one = ephemeralAct(begin(remote), secrets, shared);
  return {
    actOne: one.bytes,
    finish: (actTwo) => {
      const two = readEphemeralAct(one.transcript, staticKeyOf(secrets.ephemeral), actTwo);
      if (!two.ok) return two;
      const { transcript, point } = two.value;
      const local = sealed(transcript, 1, secrets.local.publicKey);
      const static_ = present(secrets.local.ecdh(point), "act two holds a point");
      const keyed = mixKey(mixHash(transcript, local), static_);
      const { forward, backward } = split(keyed);
      return ok({
        actThree: concat(Uint8Array.of(VERSION), local, sealed(keyed, 0, NOTHING)),
        keys: { sending: forward, receiving: backward, remote },
      });
    },
  };
}

/** A responder that has sent act two. */
export interface AwaitingActThree {
  readonly actTwo: Uint8Array;
  finish(actThree: Uint8Array): Result<SessionKeys, ActFault | "bad_ciphertext">;
}
/** Answers a stranger's act one. BOLT 8 §Act Two. */
export function answer(secrets: NoiseSecrets, actOne: Uint8Array): Result<AwaitingActThree, ActFault> {
  const one = readEphemeralAct(begin(secrets.local.publicKey), secrets.local, actOne);
  if (!one.ok) return one;
  const shared = present(secp256k1.ecdh(one.value.point, secrets.ephemeral), "act one holds a point");
  const two = ephemeralAct(one.value.transcript, secrets, shared);
  return ok({ actTwo: two.bytes, finish: (actThree) => readActThree(two.transcript, secrets, actThree) });
}

/** BOLT 8 §Act Three. */
function readActThree(
  transcript: Transcript,
  secrets: NoiseSecrets,
  act: Uint8Array,
): ReturnType<AwaitingActThree["finish"]> {
  if (act[0] !== VERSION) return err("bad_version");
  const cipher = act.subarray(1, ACT_BYTES.three - 16);
  const remote = opened(transcript, 1, cipher);
  if (remote === undefined) return err("bad_ciphertext");
  const shared = secp256k1.ecdh(remote, secrets.ephemeral);
  if (shared === undefined) return err("bad_key");
  const keyed = mixKey(mixHash(transcript, cipher), shared);
  if (opened(keyed, 0, act.subarray(ACT_BYTES.three - 16)) === undefined) return err("bad_tag");
  const { forward, backward } = split(keyed);
  return ok({ sending: backward, receiving: forward, remote });
}
