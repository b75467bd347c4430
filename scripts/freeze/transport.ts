import { concat, toHex, utf8 } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { hkdf, sha256 } from "../../src/crypto/hash.ts";
import { noiseInitiator, noiseResponder } from "../../src/crypto/noise.ts";
import { PacketKey, sealPackets } from "../../src/crypto/noise-packets.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import type { Freezer } from "../freeze-vectors.ts";

/** Secrets of our own, from words: nobody else's vector has them. */
const secret = (word: string): Uint8Array => sha256(utf8(`sluice frozen transport: ${word}`));
const initiator = { local: secret("initiator"), ephemeral: secret("initiator's ephemeral") };
const responder = { local: secret("responder"), ephemeral: secret("responder's ephemeral") };
const noiseOf = ({ local, ephemeral }: typeof initiator) => ({ local: staticKeyOf(local), ephemeral });
const point = (bytes: Uint8Array): string => toHex(secp256k1.publicKey(bytes));

interface Act {
  readonly act: 1 | 2 | 3;
  readonly dir: "send" | "recv";
  readonly bytes: string;
}
/** The three acts between the two, as they should be. */
function acts(): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const called = noiseResponder(noiseOf(responder));
  const begun = present(noiseInitiator(noiseOf(initiator), secp256k1.publicKey(responder.local)), "a point");
  const two = called.receive(begun.send).send;
  return [begun.send, two, begun.session.receive(two).send];
}
const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? value : byte));

/** One side's view: it ends with what it receives last, which is what an error case spoils. */
function view(
  role: "initiator" | "responder",
  last: 1 | 2 | 3,
  spoiled?: { readonly bytes: Uint8Array; readonly error: string },
) {
  const all = acts();
  const shown: Act[] = [];
  for (const act of [1, 2, 3] as const) {
    if (act > last) break;
    const sent = (act === 2) === (role === "responder");
    const bytes = act === last && spoiled !== undefined ? spoiled.bytes : (all[act - 1] as Uint8Array);
    shown.push({ act, dir: sent ? "send" : "recv", bytes: toHex(bytes) });
  }
  const keys = role === "initiator" ? initiator : responder;
  return {
    name: spoiled === undefined ? `${role}: all three acts` : `${role}: ${spoiled.error}`,
    role,
    acts: shown,
    ...(role === "initiator" ? { rs_pub: point(responder.local) } : {}),
    ls_priv: toHex(keys.local),
    ls_pub: point(keys.local),
    e_priv: toHex(keys.ephemeral),
    e_pub: point(keys.ephemeral),
    ...(spoiled === undefined ? {} : { expect_error: spoiled.error, expect_error_act: last }),
  };
}

/** The ways in which an act with an ephemeral key goes wrong. */
function spoiledEphemeral(act: 1 | 2): readonly { readonly bytes: Uint8Array; readonly error: string }[] {
  const bytes = acts()[act - 1] as Uint8Array;
  return [
    { bytes: bytes.slice(0, -1), error: `ACT${act}_READ_FAILED` },
    { bytes: changed(bytes, 0, 3), error: `ACT${act}_BAD_VERSION` },
    { bytes: changed(bytes, 1, 5), error: `ACT${act}_BAD_PUBKEY` },
    { bytes: changed(bytes, 40, (bytes[40] as number) ^ 0x20), error: `ACT${act}_BAD_TAG` },
  ];
}
function handshakes(): unknown {
  const three = acts()[2];
  const spoiledThree = [
    { bytes: three.slice(0, -2), error: "ACT3_READ_FAILED" },
    { bytes: changed(three, 0, 9), error: "ACT3_BAD_VERSION" },
    { bytes: changed(three, 7, (three[7] as number) ^ 1), error: "ACT3_BAD_CIPHERTEXT" },
    { bytes: changed(three, 60, (three[60] as number) ^ 1), error: "ACT3_BAD_TAG" },
  ];
  return {
    initiator: [view("initiator", 3), ...spoiledEphemeral(2).map((spoiled) => view("initiator", 2, spoiled))],
    responder: [
      view("responder", 3),
      ...spoiledEphemeral(1).map((spoiled) => view("responder", 1, spoiled)),
      ...spoiledThree.map((spoiled) => view("responder", 3, spoiled)),
    ],
  };
}

const SAMPLED = [0, 1, 2, 499, 500, 501, 999, 1000, 1001, 1499, 1500];
function encryption(): unknown {
  const [chainingKey, key, receiving] = [secret("chaining key"), secret("sending key"), secret("receiving key")];
  const plain = utf8("a film is many small payments");
  const cipher = new PacketKey(chainingKey, key);
  const outputs: Record<string, string> = {};
  const count = 1502;
  for (let at = 0; at < count; at++) {
    const packet = toHex(sealPackets(cipher, [plain]));
    if (SAMPLED.includes(at)) outputs[at] = packet;
  }
  let [ck, k] = [chainingKey, key];
  const rotated = [499, 999, 1499].map((after_message) => {
    [ck, k] = hkdf(ck, k, concat(), 2) as [Uint8Array, Uint8Array];
    return { after_message, ck: toHex(ck), sk: toHex(k) };
  });
  return {
    ck: toHex(chainingKey),
    sk: toHex(key),
    rk: toHex(receiving),
    plaintext: toHex(plain),
    count,
    outputs,
    rotated,
  };
}

export const freezers: readonly Freezer[] = [
  { path: "bolts/bolt08/handshake.json", make: handshakes },
  { path: "bolts/bolt08/message-encryption.json", make: encryption },
];
