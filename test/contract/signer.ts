import { expect } from "chai";
import {
  channelKeys,
  channelSecrets,
  FRESH_MEMORY,
  type SignerMemory,
  type SigningRequest,
} from "../../channels/index.ts";
import { closingRequest, localCommitmentRequest, remoteCommitmentRequest } from "../../channels/keys/signer.ts";
import { verifyFundingSignature } from "../../channels/keys/verify.ts";
import { buildCommitment } from "../../channels/tx/commitment.ts";
import { idBytes } from "../../src/base/ids.ts";
import { msat, sat, satPerKw } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import { localSigner } from "../../src/daemon/signer/local-signer.ts";
import { walletKeysOf } from "../../src/daemon/wallet/public-keys.ts";
import { scriptOfKey } from "../../src/daemon/wallet/scripts.ts";
import type { Signer } from "../../src/ports/signer.ts";
import { bob, CAPACITY, keysOf, type Side, termsOf } from "../channels/tx/two-sides.ts";

/** A signer with a memory of its own, for the words of `WORDS`. */
export interface SignerUnderTest {
  /** For a node that starts; one that was open before has died. */
  open(): Promise<Signer>;
  dispose(): Promise<void>;
}
export const WORDS = `${"abandon ".repeat(23)}art`;
const keychain = keychainOf(WORDS, "regtest");
const secrets = channelSecrets(keychain.channelSeed(3));
const us: Side = { secrets, keys: channelKeys(secrets), dustLimit: bob.dustLimit, toSelfDelay: 144 };
const spec = (toLocal: bigint) => ({
  toLocal: msat(toLocal),
  toRemote: msat(CAPACITY * 1000n - toLocal),
  htlcs: [],
  feerate: satPerKw(253),
});
/** The peer's commitment `number`, for us to sign. */
function theirs(number: bigint, toLocal = 5_000_000_000n) {
  const terms = termsOf(bob, us, us, "anchors");
  const keys = keysOf(bob, us, number);
  const commitment = buildCommitment(terms, keys, number, spec(toLocal));
  const request = remoteCommitmentRequest(terms, keys.perCommitmentPoint, commitment);
  return {
    terms,
    txid: commitment.txid,
    request,
    shown: { tx: commitment.tx, toLocalScript: commitment.toLocalScript },
  };
}
function closeOf({ terms, shown }: ReturnType<typeof theirs>, tx: Tx): SigningRequest {
  const share = { balance: sat(0n), fee: sat(0n), script: Uint8Array.of(0, 1, 2), dustLimit: sat(354n) };
  return closingRequest({ funding: terms.funding, format: terms.format, tx, commitment: shown, share });
}
function ours(number: bigint): SigningRequest {
  const terms = termsOf(us, bob, us, "anchors");
  const keys = keysOf(us, bob, number);
  return localCommitmentRequest(terms, buildCommitment(terms, keys, number, spec(6_000_000_000n)));
}
/** What the node's record says after it has signed commitment `number` of the peer and revoked its own below `revoked`. */
const recorded = (number: bigint, revoked: bigint): SignerMemory => ({
  signed: [{ funding: theirs(number).terms.funding.outpoint, number, txid: theirs(number).txid }],
  revokedBelow: revoked,
  broadcastFrom: undefined,
  obscuringFactor: theirs(number).terms.obscuringFactor,
});
function channelOf(signer: Signer, remembered: SignerMemory | undefined) {
  const opened = signer.channel(3, remembered);
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}
const refusal = (signer: Signer, remembered: SignerMemory): string | undefined => {
  const opened = signer.channel(3, remembered);
  return opened.ok ? undefined : opened.error.detail;
};
const kept = async (signer: Signer): Promise<void> => signer.keep(signer.mark());

/** The law of `src/ports/signer.ts`, for every signer. */
export function signerContract(name: string, make: () => Promise<SignerUnderTest>): void {
  describe(`signer port: ${name}`, () => {
    let under: SignerUnderTest;
    let signer: Signer;
    beforeEach(async () => {
      under = await make();
      signer = await under.open();
    });
    afterEach(() => under.dispose());

    describe("the node's keys", () => {
      it("are those of the words", () => {
        const alone = localSigner(keychain, CHAINS.regtest);
        const { nodeId, streamMaster, accounts } = alone;
        expect({
          nodeId: signer.nodeId,
          streamMaster: signer.streamMaster,
          wpkh: signer.accounts.p2wpkh,
        }).to.deep.equal({
          nodeId,
          streamMaster,
          wpkh: accounts.p2wpkh,
        });
        const point = secp256k1.publicKey(sha256(Uint8Array.of(1)));
        expect(signer.nodeKey.ecdh(point)).to.deep.equal(secp256k1.ecdh(point, keychain.nodeSecret));
        expect(signer.nodeKey.ecdh(new Uint8Array(33))).to.equal(undefined);
      });
      it("sign a digest so that a reader finds the node", () => {
        const digest = sha256(Uint8Array.of(2));
        const { signature, recovery } = signer.signAsNode(digest);
        expect(secp256k1.recover(signature, recovery, digest)).to.deep.equal(idBytes(signer.nodeId));
      });
      it("sign a payment of the wallet, and no coin that is not its own", () => {
        const path = { type: "p2wpkh", branch: "external", index: 0 } as const;
        const coin = { amount: CAPACITY, script: scriptOfKey(path.type, walletKeysOf(signer).walletKey(path)) };
        const tx = { ...theirs(0n).request.tx, outputs: [coin] };
        const inputs = [{ index: 0, path, hashType: 1 as const }];
        const signed = signer.signWallet({ tx, spent: [coin], inputs });
        const alone = localSigner(keychain, CHAINS.regtest).signWallet({ tx, spent: [coin], inputs });
        expect(signed).to.deep.equal(alone);
        const foreign = [{ ...coin, script: scriptOfKey("p2wpkh", bob.keys.fundingPubkey) }];
        expect(signer.signWallet({ tx, spent: foreign, inputs })).to.deep.equal({
          ok: false,
          error: { code: "not_our_coin", index: 0 },
        });
      });
    });

    describe("a channel", () => {
      it("has the keys of its index", () => {
        const { keys } = channelOf(signer, FRESH_MEMORY);
        for (const number of [0n, 1n, 40n, (1n << 48n) - 1n])
          expect(keys.commitmentPoint(number)).to.deep.equal(us.keys.commitmentPoint(number));
        expect(keys.fundingPubkey).to.deep.equal(us.keys.fundingPubkey);
        expect(keys.commitmentSecret(4n)).to.deep.equal(us.keys.commitmentSecret(4n));
      });
      it("is signed for the peer, once for each number", () => {
        const channel = channelOf(signer, FRESH_MEMORY);
        const { request, terms } = theirs(1n);
        const signed = channel.sign(request);
        if (!signed.ok) throw new Error(signed.error.code);
        const { signature } = signed.value;
        expect(verifyFundingSignature(terms.funding, request.tx, us.keys.fundingPubkey, signature)).to.equal(true);
        expect(channel.sign(request)).to.deep.equal(signed);
        expect(channel.sign(theirs(1n, 4_000_000_000n).request)).to.deep.equal({
          ok: false,
          error: { code: "number_signed_before", number: 1n, txid: theirs(1n).txid },
        });
        expect(channel.sign(theirs(0n).request)).to.deep.equal({
          ok: false,
          error: { code: "number_went_back", newest: 1n },
        });
      });
      it("is never published in a state whose secret it gave away, nor the other way round", () => {
        const channel = channelOf(signer, FRESH_MEMORY);
        channel.keys.commitmentSecret(6n);
        expect(channel.sign(ours(6n))).to.deep.equal({
          ok: false,
          error: { code: "own_commitment_revoked", revokedBelow: 7n },
        });
        expect(channel.sign(ours(7n)).ok).to.equal(true);
        expect(() => channel.keys.commitmentSecret(7n)).to.throw("is not revoked");
      });
      it("signs no mutual close that leaves out what is ours", () => {
        const channel = channelOf(signer, FRESH_MEMORY);
        const newest = theirs(0n);
        channel.sign(newest.request);
        const nothing = { ...newest.request.tx, outputs: [], locktime: 0 };
        const signed = channel.sign(closeOf(newest, nothing));
        expect(signed.ok ? undefined : signed.error.code).to.equal("closing_pays_less");
      });
      it("that is known from a backup alone signs nothing that spends its funding output", () => {
        const channel = channelOf(signer, undefined);
        const newest = theirs(0n);
        const unknown = { ok: false, error: { code: "state_unknown" } };
        for (const request of [newest.request, ours(0n), closeOf(newest, newest.request.tx)])
          expect(channel.sign(request)).to.deep.equal(unknown);
        expect(() => channel.keys.commitmentSecret(0n)).to.throw("backup");
      });
    });

    describe("what it remembers", () => {
      it("is there for the next life of the node, once it was kept", async () => {
        const channel = channelOf(signer, FRESH_MEMORY);
        channel.sign(theirs(5n).request);
        channel.keys.commitmentSecret(3n);
        await kept(signer);
        const next = await under.open();
        expect(refusal(next, recorded(4n, 4n))).to.equal(
          "of channel 3 commitment 5 of the peer is signed, the record ends at 4",
        );
        expect(refusal(next, recorded(5n, 3n))).to.equal(
          "of channel 3 commitment 3 is revoked, which in the record is not",
        );
        expect(refusal(next, FRESH_MEMORY)).to.match(/the record ends at none/);
        const again = channelOf(next, recorded(5n, 4n));
        expect(again.sign(theirs(5n, 1_000_000_000n).request).ok).to.equal(false);
        expect(again.sign(ours(3n)).ok).to.equal(false);
      });
      it("is no reason to refuse what it has given, to whoever asks the same again after a restart of either", async () => {
        const channel = channelOf(signer, FRESH_MEMORY);
        const signed = channel.sign(theirs(5n).request);
        const secret = channel.keys.commitmentSecret(3n);
        await kept(signer);
        const second = await under.open();
        const again = channelOf(second, recorded(5n, 4n));
        expect(again.sign(theirs(5n).request)).to.deep.equal(signed);
        expect(again.keys.commitmentSecret(3n)).to.deep.equal(secret);
        const published = again.sign(ours(4n));
        await kept(second);
        const third = channelOf(await under.open(), { ...recorded(5n, 4n), broadcastFrom: 4n });
        expect([published.ok, third.sign(ours(4n))]).to.deep.equal([true, published]);
        expect(third.keys.commitmentSecret(3n)).to.deep.equal(secret);
      });
      it("knows a record that holds another commitment of the same number", async () => {
        channelOf(signer, FRESH_MEMORY).sign(theirs(5n, 1_000_000_000n).request);
        await kept(signer);
        expect(refusal(await under.open(), recorded(5n, 0n))).to.match(/another commitment 5 of the peer is signed/);
      });
      it("knows a record that says nothing of a commitment signed for the chain", async () => {
        channelOf(signer, FRESH_MEMORY).sign(ours(2n));
        await kept(signer);
        expect(refusal(await under.open(), { ...recorded(5n, 2n) })).to.match(/commitment 2 is signed for the chain/);
      });
      it("is not what the node died before it could record: that never left, and is asked anew", async () => {
        const channel = channelOf(signer, FRESH_MEMORY);
        channel.sign(theirs(5n).request);
        await kept(signer);
        channel.sign(theirs(6n, 1_000_000_000n).request);
        channel.keys.commitmentSecret(3n);
        const again = channelOf(await under.open(), recorded(5n, 3n));
        expect(again.sign(theirs(6n).request).ok).to.equal(true);
        expect(again.sign(ours(3n)).ok).to.equal(true);
      });
      it("grows by a record that is ahead, which the node recorded and then died", async () => {
        channelOf(signer, recorded(7n, 7n));
        await kept(signer);
        expect(refusal(await under.open(), recorded(6n, 6n))).to.match(/commitment 7 of the peer is signed/);
      });
      it("is kept up to the mark and no further", async () => {
        const channel = channelOf(signer, FRESH_MEMORY);
        channel.sign(theirs(5n).request);
        const mark = signer.mark();
        channel.sign(theirs(6n).request);
        await signer.keep(mark);
        const next = await under.open();
        expect(refusal(next, recorded(4n, 0n))).to.match(/commitment 5 of the peer/);
        expect(channelOf(next, recorded(5n, 0n)).sign(theirs(6n, 1_000_000_000n).request).ok).to.equal(true);
      });
    });
  });
}
