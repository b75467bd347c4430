import { expect } from "chai";
import type { ClaimKey, ClaimRequest } from "../../../channels/keys/claim-signer.ts";
import { localChannelSigner } from "../../../channels/keys/local-signer.ts";
import { FRESH_MEMORY, type SignerMemory } from "../../../channels/keys/signer.ts";
import { fundingScript } from "../../../channels/tx/funding-tx.ts";
import { type Lock, scriptLock } from "../../../channels/tx/lock.ts";
import {
  anchorScript,
  offeredHtlcScript,
  receivedHtlcScript,
  toLocalScript,
  toRemoteLock,
} from "../../../channels/tx/scripts.ts";
import { nodeId, paymentHash, shortChannelId } from "../../../src/base/ids.ts";
import { cltvExpiry, sat } from "../../../src/base/units.ts";
import type { KeyPath } from "../../../src/bitcoin/key-path.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { p2wshOf } from "../../../src/bitcoin/templates.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { encode } from "../../../src/codec/codec.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { ChannelAnnouncement, signedDigest } from "../../../src/wire/gossip.ts";
import { alice, bob, keysOf, OUTPOINT } from "../tx/two-sides.ts";

const nodeSecret = new Uint8Array(32).fill(7);
const chainHash = CHAINS.regtest.genesisHash;
const self = nodeId(secp256k1.publicKey(nodeSecret));
const peer = nodeId(secp256k1.publicKey(new Uint8Array(32).fill(8)));

/** The wallet's scripts. */
const payTo = ({ index }: KeyPath): Uint8Array => Uint8Array.of(0, 20, ...new Uint8Array(20).fill(index));
const path = (index: number): KeyPath => ({ type: "p2wpkh", branch: "change", index });

function signer(before: SignerMemory = FRESH_MEMORY) {
  let memory = before;
  const cell = {
    get: () => memory,
    set: (next: SignerMemory) => {
      memory = next;
    },
  };
  return { signer: localChannelSigner(alice.secrets, { nodeSecret, chainHash, payTo }, cell), memory: cell.get };
}
const [first, second] = self < peer ? [self, peer] : [peer, self];
const [firstKey, secondKey] = self < peer ? [alice, bob] : [bob, alice];
const SIGNATURE = new Uint8Array(64);
const announcement: ChannelAnnouncement = {
  name: "channel_announcement",
  node_signature_1: SIGNATURE,
  node_signature_2: SIGNATURE,
  bitcoin_signature_1: SIGNATURE,
  bitcoin_signature_2: SIGNATURE,
  features: new Uint8Array(0),
  chain_hash: chainHash,
  short_channel_id: shortChannelId(1, 2, 3),
  node_id_1: first,
  node_id_2: second,
  bitcoin_key_1: firstKey.keys.fundingPubkey,
  bitcoin_key_2: secondKey.keys.fundingPubkey,
};
const bytesOf = (changed: Partial<ChannelAnnouncement> = {}): Uint8Array =>
  encode(ChannelAnnouncement.codec, { ...announcement, ...changed });

describe("the signer of one channel", () => {
  it("gives the secrets that it is asked for, and takes those commitments for revoked", () => {
    const { signer: alices, memory } = signer();
    expect(alices.keys.commitmentSecret(3n)).to.deep.equal(alice.keys.commitmentSecret(3n));
    expect(memory().revokedBelow).to.equal(4n);
    expect(alices.keys.commitmentPoint(9n)).to.deep.equal(alice.keys.commitmentPoint(9n));
    expect(memory().revokedBelow).to.equal(4n);
  });
  it("never gives the secret of a commitment that it signed for broadcast", () => {
    const { signer: alices, memory } = signer({ ...FRESH_MEMORY, broadcastFrom: 3n });
    expect(() => alices.keys.commitmentSecret(3n)).to.throw("is not revoked");
    expect(memory().revokedBelow).to.equal(0n);
    expect(alices.keys.commitmentSecret(2n)).to.deep.equal(alice.keys.commitmentSecret(2n));
  });
  it("signs an announcement of its channel by both keys", () => {
    const signed = signer().signer.announce(bytesOf());
    if (!signed.ok) throw new Error(signed.error.code);
    const digest = signedDigest("channel_announcement", bytesOf());
    expect(secp256k1.verify(signed.value.nodeSignature, digest, secp256k1.publicKey(nodeSecret))).to.equal(true);
    expect(secp256k1.verify(signed.value.bitcoinSignature, digest, alice.keys.fundingPubkey)).to.equal(true);
  });
  it("signs nothing else in its place, as the funding key signs away the channel's money", () => {
    const other = secp256k1.publicKey(new Uint8Array(32).fill(9));
    const foreign: readonly Uint8Array[] = [
      bytesOf({ chain_hash: CHAINS.mainnet.genesisHash }),
      bytesOf({ node_id_1: peer, node_id_2: peer }),
      bytesOf({ bitcoin_key_1: other, bitcoin_key_2: other }),
      bytesOf().subarray(0, 200),
      new Uint8Array(228),
    ];
    for (const bytes of foreign) {
      expect(signer().signer.announce(bytes)).to.deep.equal({ ok: false, error: { code: "not_our_announcement" } });
    }
  });
});

describe("the signer of claims", () => {
  const number = 3n;
  const own = keysOf(alice, bob, number);
  const theirs = keysOf(bob, alice, number);
  const hash = paymentHash(new Uint8Array(32));
  const point = own.perCommitmentPoint;
  const secondStage = offeredHtlcScript(own, hash, "anchors");
  const locks = {
    to_remote: toRemoteLock(alice.keys.paymentBasepoint, "anchors"),
    to_remote_key: toRemoteLock(alice.keys.paymentBasepoint, "static_remotekey"),
    to_local: scriptLock(toLocalScript(own.revocationPubkey, own.localDelayedPubkey, 144)),
    htlc_second_stage: scriptLock(secondStage),
    htlc_direct: scriptLock(receivedHtlcScript(theirs, hash, cltvExpiry(500), "anchors")),
    penalty: scriptLock(toLocalScript(theirs.revocationPubkey, theirs.localDelayedPubkey, 144)),
    penalty_htlc: scriptLock(offeredHtlcScript(theirs, hash, "anchors")),
    anchor: scriptLock(anchorScript(alice.keys.fundingPubkey)),
  } as const satisfies Record<string, Lock>;
  const secret = bob.keys.commitmentSecret(number);
  const keys = {
    to_remote: { tag: "payment" },
    to_remote_key: { tag: "payment" },
    to_local: { tag: "delayed", point },
    htlc_second_stage: { tag: "htlc", point },
    htlc_direct: { tag: "htlc", point: theirs.perCommitmentPoint },
    penalty: { tag: "revocation", secret },
    penalty_htlc: { tag: "revocation", secret },
    anchor: { tag: "anchor" },
  } as const satisfies Record<keyof typeof locks, ClaimKey>;
  const output = (index: number) => ({ amount: sat(9_000n), script: payTo(path(index)) });
  const claim = (lock: Lock, key: ClaimKey, outputs: Tx["outputs"] = [output(1)]) => ({
    tx: {
      version: 2,
      inputs: [{ prevout: OUTPOINT, scriptSig: new Uint8Array(0), sequence: 1, witness: [] }],
      outputs,
      locktime: 0,
    },
    index: 0,
    amount: sat(10_000n),
    lock,
    key,
  });
  const refusalOf = (request: ClaimRequest, pays: readonly (KeyPath | undefined)[]) => {
    const answer = signer().signer.signClaim(request, pays);
    return answer.ok ? undefined : answer.error;
  };
  const WHAT = Object.keys(locks) as readonly (keyof typeof locks)[];

  for (const what of WHAT)
    it(`signs for ${what.replaceAll("_", " ")} by its key, to an address of the wallet`, () => {
      expect(refusalOf(claim(locks[what], keys[what]), [path(1)])).to.equal(undefined);
    });
  it("signs nothing that goes elsewhere, as a claim pays nobody but us", () => {
    for (const what of WHAT) {
      const request = claim(locks[what], keys[what], [output(1), { ...output(1), script: payTo(path(9)) }]);
      expect(refusalOf(request, [path(1), path(2)]), what).to.deep.equal({ code: "not_our_address", output: 1 });
      expect(refusalOf(request, [path(1), undefined]), what).to.deep.equal({ code: "not_our_address", output: 1 });
    }
  });
  it("lets a second stage alone begin with an output of its own, which the peer has signed too", () => {
    const second = [{ amount: sat(9_000n), script: p2wshOf(secondStage) }, output(2)];
    for (const what of WHAT) {
      const expected = what === "htlc_second_stage" ? undefined : { code: "not_our_address", output: 0 };
      expect(refusalOf(claim(locks[what], keys[what], second), [undefined, path(2)]), what).to.deep.equal(expected);
    }
  });
  it("takes no HTLC for a second stage that our key opens alone, as the peer has given it for its own", () => {
    const copied = keysOf({ ...bob, keys: { ...bob.keys, htlcBasepoint: alice.keys.htlcBasepoint } }, alice, number);
    const key = { tag: "htlc", point: copied.perCommitmentPoint } as const;
    const elsewhere = [{ amount: sat(9_000n), script: new Uint8Array(22) }];
    for (const script of [
      offeredHtlcScript(copied, hash, "anchors"),
      receivedHtlcScript(copied, hash, cltvExpiry(500), "anchors"),
    ]) {
      expect(refusalOf(claim(scriptLock(script), key, elsewhere), [undefined])).to.deep.equal({
        code: "not_our_address",
        output: 0,
      });
      expect(refusalOf(claim(scriptLock(script), key), [path(1)])).to.equal(undefined);
    }
  });
  it("signs by no key that does not open what is spent: none for a penalty of our own commitment", () => {
    for (const what of WHAT)
      for (const other of WHAT) {
        const fits = refusalOf(claim(locks[what], keys[other]), [path(1)]) === undefined;
        expect(fits, `${what} by the key of ${other}`).to.equal(opens(what, other));
      }
    const ourSecret = { tag: "revocation", secret: alice.keys.commitmentSecret(number) } as const;
    expect(refusalOf(claim(locks.to_local, ourSecret), [path(1)])).to.deep.equal({ code: "not_our_output" });
  });
  it("signs for no funding output by the key of an anchor", () => {
    const funding = scriptLock(fundingScript(alice.keys.fundingPubkey, bob.keys.fundingPubkey));
    expect(refusalOf(claim(funding, { tag: "anchor" }), [path(1)])).to.deep.equal({ code: "not_our_anchor" });
  });
  it("refuses a claim that does not say where all of it goes, or has no such input", () => {
    const request = claim(locks.to_local, keys.to_local);
    expect(refusalOf(request, [])).to.deep.equal({ code: "malformed_request" });
    expect(refusalOf({ ...request, index: 1 }, [path(1)])).to.deep.equal({ code: "malformed_request" });
  });
  /** What is of one kind is opened by one key. */
  const opens = (what: string, key: string): boolean => {
    const kinds = [
      ["to_remote", "to_remote_key"],
      ["penalty", "penalty_htlc"],
    ];
    if (what === key || kinds.some((kind) => kind.includes(what) && kind.includes(key))) return true;
    // An HTLC of the peer's is ours by its own key, or as a penalty.
    return (what === "htlc_direct" && key.startsWith("penalty")) || (what === "penalty_htlc" && key === "htlc_direct");
  };
});
