import { expect } from "chai";
import { localChannelSigner } from "../../../channels/keys/local-signer.ts";
import { FRESH_MEMORY, type SignerMemory } from "../../../channels/keys/signer.ts";
import { nodeId, shortChannelId } from "../../../src/base/ids.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { encode } from "../../../src/codec/codec.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { ChannelAnnouncement, signedDigest } from "../../../src/wire/gossip.ts";
import { alice, bob } from "../tx/two-sides.ts";

const nodeSecret = new Uint8Array(32).fill(7);
const chainHash = CHAINS.regtest.genesisHash;
const self = nodeId(secp256k1.publicKey(nodeSecret));
const peer = nodeId(secp256k1.publicKey(new Uint8Array(32).fill(8)));

function signer(before: SignerMemory = FRESH_MEMORY) {
  let memory = before;
  const cell = {
    get: () => memory,
    set: (next: SignerMemory) => {
      memory = next;
    },
  };
  return { signer: localChannelSigner(alice.secrets, { nodeSecret, chainHash }, cell), memory: cell.get };
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
