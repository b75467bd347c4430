import { expect } from "chai";
import fc from "fast-check";
import { nodeId } from "../../../src/base/ids.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import {
  backupText,
  openBackup,
  PEER_STORAGE_BYTES_MAX,
  parseBackupText,
  sealBackup,
  sealForPeer,
} from "../../../src/daemon/backup/sealed.ts";
import { damaged } from "../../support/arbitraries.ts";
import { backedUpChannel, backupWith, PEER } from "../../support/backup-samples.ts";

const KEY = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);
const STRANGER = nodeId(secp256k1.publicKey(sha256(Uint8Array.of(3))));
const channels = (count: number) => Array.from({ length: count }, (_, index) => backedUpChannel(index));

describe("A sealed static backup", () => {
  it("is read back with the key of the words that it was sealed with", () => {
    for (const count of [0, 1, 2, 40]) {
      const backup = backupWith(channels(count));
      expect(openBackup(KEY, sealBackup(KEY, backup))).to.deep.equal({ ok: true, value: backup });
      expect(parseBackupText(KEY, backupText(sealBackup(KEY, backup)))).to.deep.equal({ ok: true, value: backup });
    }
  });
  it("of the same channels is the same bytes: nothing of it is by chance", () => {
    const backup = backupWith(channels(3));
    expect(sealBackup(KEY, backup)).to.deep.equal(sealBackup(KEY, { ...backup, channels: [...backup.channels] }));
  });
  it("tells by its length no more than the order of the number of channels", () => {
    const lengths = [0, 1, 2, 3, 4, 10, 13, 14, 20, 50, 100, 200].map(
      (count) => sealForPeer(KEY, backupWith(channels(count)), PEER).length,
    );
    expect([...new Set(lengths)]).to.deep.equal([1_024, 4_096, 16_384, 65_531]);
  });
  it("CONFORMANCE 17: for a peer is never longer than 65,531 bytes: the largest channels are in it, and how many are not", () => {
    const all = Array.from({ length: 600 }, (_, index) => backedUpChannel(index, BigInt(20_000 + ((index * 7) % 600))));
    const opened = openBackup(KEY, sealForPeer(KEY, backupWith(all), STRANGER));
    expect(sealForPeer(KEY, backupWith(all), STRANGER).length).to.equal(PEER_STORAGE_BYTES_MAX);
    if (!opened.ok) throw new Error(opened.error.code);
    const { channels: kept, left } = opened.value;
    expect(kept.length + left).to.equal(600);
    expect(kept.length).to.be.greaterThan(180);
    const least = Math.min(...kept.map(({ params }) => Number(params.capacity)));
    const missing = all.filter(({ params }) => !kept.some((one) => one.params.channelId === params.channelId));
    expect(missing.every(({ params }) => Number(params.capacity) <= least)).to.equal(true);
    const file = openBackup(KEY, sealBackup(KEY, backupWith(all)));
    expect(file.ok && file.value.channels.length, "a file has them all").to.equal(600);
  });
  it("for a peer has the channels with that peer first, however small: each is with somebody", () => {
    const large = Array.from({ length: 600 }, (_, index) => backedUpChannel(index));
    const { params, ...rest } = backedUpChannel(600, 20_000n);
    const own = { ...rest, params: { ...params, remoteNodeId: STRANGER } };
    const other = backedUpChannel(601, 20_000n);
    const all = [...large, own, other];
    const opened = openBackup(KEY, sealForPeer(KEY, backupWith(all), STRANGER));
    if (!opened.ok) throw new Error(opened.error.code);
    const kept = opened.value.channels.map(({ params }) => params.channelId);
    expect([own, other].map((one) => kept.includes(one.params.channelId))).to.deep.equal([true, false]);
  });
  it("is not taken from other words, from a damaged copy, or from something else", () => {
    const sealed = sealBackup(KEY, backupWith(channels(2)));
    expect(openBackup(OTHER, sealed)).to.deep.equal({ ok: false, error: { code: "other_words" } });
    fc.assert(
      fc.property(damaged(sealed), (broken) => {
        const opened = openBackup(KEY, broken);
        return !opened.ok;
      }),
      { seed: 1 },
    );
    for (const text of ["", "sluice-backup-1:", "sluice-backup-1:*", "sluice-backup-2:AAAA", "abandon abandon"])
      expect(parseBackupText(KEY, text)).to.deep.equal({ ok: false, error: { code: "not_a_backup" } });
  });
  it("as text survives line breaks and blanks", () => {
    const backup = backupWith(channels(2));
    const text = backupText(sealBackup(KEY, backup)).replace(/(.{60})/g, "$1\r\n  ");
    expect(parseBackupText(KEY, text)).to.deep.equal({ ok: true, value: backup });
  });
});
