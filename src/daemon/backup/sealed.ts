import { concat, equalBytes, utf8 } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { err, present, type Result } from "../../base/result.ts";
import { decode, encode } from "../../codec/codec.ts";
import { open, seal } from "../../crypto/aead.ts";
import { hkdf, hmacSha256 } from "../../crypto/hash.ts";
import { type BackedUpChannel, type StaticBackup, staticBackup } from "./static-backup.ts";

/** The most that a peer keeps for us. BOLT 1 §The peer_storage and peer_storage_retrieval Messages. */
export const PEER_STORAGE_BYTES_MAX = 65_531;
/**
 * The lengths that a sealed backup can have: its length tells the order of the number of channels and no more. Policy, not
 * protocol: the BOLT advises the largest always; there are peers that keep no more than the smallest, and most nodes need no more.
 */
const LENGTHS = [1_024, 4_096, 16_384, PEER_STORAGE_BYTES_MAX];
const TEXT = "sluice-backup-1:";

const MARK_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const COUNT_BYTES = 4;
const AROUND = MARK_BYTES + NONCE_BYTES + COUNT_BYTES + TAG_BYTES;
const NOTHING = new Uint8Array(0);

/** Why bytes are not taken for a backup of these words. */
export type SealFault =
  | { readonly code: "not_a_backup" }
  /** Sealed under another key. */
  | { readonly code: "other_words" }
  /** Of these words, and not as it was made. */
  | { readonly code: "damaged" };

interface SealKeys {
  readonly cipher: Uint8Array;
  readonly nonce: Uint8Array;
  /** In front, to tell another's backup from a damaged one of ours. */
  readonly mark: Uint8Array;
}
function keysOf(backupKey: Uint8Array): SealKeys {
  const [cipher, nonce, mark] = hkdf(utf8("sluice backup v1"), backupKey, utf8("keys"), 3);
  return {
    cipher: present(cipher, "HKDF gives three keys"),
    nonce: present(nonce, "HKDF gives three keys"),
    mark: present(mark, "HKDF gives three keys").subarray(0, MARK_BYTES),
  };
}

/**
 * Encrypted and authenticated under a key of the words. The nonce is a MAC of what is sealed: equal backups are equal bytes,
 * and no nonce is ever used for two different ones.
 */
export function sealBackup(backupKey: Uint8Array, backup: StaticBackup): Uint8Array {
  const { cipher, nonce, mark } = keysOf(backupKey);
  const body = encode(staticBackup, backup);
  const least = body.length + AROUND;
  // A file may be as long as it has to be.
  const length =
    LENGTHS.find((fits) => least <= fits) ?? Math.ceil(least / PEER_STORAGE_BYTES_MAX) * PEER_STORAGE_BYTES_MAX;
  const plain = new Uint8Array(length - MARK_BYTES - NONCE_BYTES - TAG_BYTES);
  new DataView(plain.buffer).setUint32(0, body.length);
  plain.set(body, COUNT_BYTES);
  const used = hmacSha256(nonce, plain).subarray(0, NONCE_BYTES);
  return concat(mark, used, seal(cipher, used, NOTHING, plain));
}

/** What a peer is given: all channels; or, of those that fit, the ones with it, so that each is with somebody, and then the largest. */
export function sealForPeer(backupKey: Uint8Array, backup: StaticBackup, peer: NodeId): Uint8Array {
  const isOf = ({ params }: BackedUpChannel): number => (params.remoteNodeId === peer ? 1 : 0);
  const byNeed = [...backup.channels].sort(
    (a, b) => isOf(b) - isOf(a) || Number(b.params.capacity - a.params.capacity),
  );
  for (let kept = byNeed.length; ; kept -= Math.ceil(kept / 16)) {
    const channels = kept === byNeed.length ? backup.channels : byNeed.slice(0, kept);
    const left = backup.left + byNeed.length - kept;
    const held = new Set(channels.map(({ params }) => params.remoteNodeId));
    const peers = left === 0 ? backup.peers : backup.peers.filter(({ nodeId }) => held.has(nodeId));
    const sealed = sealBackup(backupKey, { ...backup, channels, peers, left });
    if (sealed.length <= PEER_STORAGE_BYTES_MAX) return sealed;
  }
}

export function openBackup(backupKey: Uint8Array, sealed: Uint8Array): Result<StaticBackup, SealFault> {
  const { cipher, mark } = keysOf(backupKey);
  if (sealed.length <= AROUND) return err({ code: "not_a_backup" });
  if (!equalBytes(sealed.subarray(0, MARK_BYTES), mark)) return err({ code: "other_words" });
  const nonce = sealed.subarray(MARK_BYTES, MARK_BYTES + NONCE_BYTES);
  const plain = open(cipher, nonce, NOTHING, sealed.subarray(MARK_BYTES + NONCE_BYTES));
  if (plain === undefined) return err({ code: "damaged" });
  const count = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
  const decoded = decode(staticBackup, plain.subarray(COUNT_BYTES, COUNT_BYTES + count));
  return decoded.ok ? decoded : err({ code: "damaged" });
}

/** As a file: one line of text, which survives a mail and a paste. */
export const backupText = (sealed: Uint8Array): string => `${TEXT}${Buffer.from(sealed).toString("base64url")}\n`;
export function parseBackupText(backupKey: Uint8Array, file: string): Result<StaticBackup, SealFault> {
  const line = file.replace(/\s+/g, "");
  const body = line.startsWith(TEXT) ? line.slice(TEXT.length) : undefined;
  if (body === undefined || !/^[\w-]+$/.test(body)) return err({ code: "not_a_backup" });
  return openBackup(backupKey, new Uint8Array(Buffer.from(body, "base64url")));
}
