import { concat, toHex, utf8 } from "../../src/base/bytes.ts";
import { txid as makeTxid, type Txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { type Sat, sat } from "../../src/base/units.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { SIGHASH_ALL, SIGHASH_DEFAULT, type SighashesOf, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { leafHash, outputKey, TAPSCRIPT_LEAF_VERSION, tweakHash } from "../../src/bitcoin/taproot.ts";
import { NO_CODE_SEPARATOR, type TaprootSigned } from "../../src/bitcoin/taproot-sighash.ts";
import { multisig2of2, p2pkhOf, p2shOf, p2tr, p2wpkhOf, p2wshOf } from "../../src/bitcoin/templates.ts";
import { encodeTx, type Tx, type TxIn, type TxOut } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { oneLeaf } from "../../test/bitcoin/assemble.ts";

/** Keys, transactions and spends of our own, all drawn from labels: the material of Bitcoin's frozen vectors. */
export function draw(label: string, length = 32): Uint8Array {
  let drawn: Uint8Array = new Uint8Array(0);
  for (let block = 0; drawn.length < length; block++) drawn = concat(drawn, sha256(utf8(`sluice ${label} ${block}`)));
  return drawn.subarray(0, length);
}
export const drawNumber = (label: string, below: number): number =>
  new DataView(draw(label, 8).slice().buffer).getUint32(0) % below;
export const drawTxid = (label: string): Txid => makeTxid(draw(label));

export const range = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

export interface Key {
  readonly secret: Uint8Array;
  readonly point: Uint8Array;
}
export function key(label: string): Key {
  const secret = draw(`key ${label}`);
  return { secret, point: secp256k1.publicKey(secret) };
}
export const [ALICE, BOB] = [key("alice"), key("bob")];
export const EMPTY = new Uint8Array(0);

/** What one input spends, and how it signs once the transaction stands. */
export interface Coin {
  readonly name: string;
  readonly prevout: TxOut;
  readonly sequence?: number;
  readonly unlock: (digests: SighashesOf, index: number) => Pick<TxIn, "scriptSig" | "witness">;
}
export const signed = (secret: Uint8Array, digest: Uint8Array, hashType = SIGHASH_ALL): Uint8Array =>
  scriptSignature(secp256k1.sign(digest, secret), hashType);

/** Its signature by this secret, by the key path or in this tapscript; with a hash type unless that is the default. */
export function taprootSigned(
  digests: SighashesOf,
  secret: Uint8Array,
  { index, hashType, leaf, annexHash }: TaprootSigned,
): Uint8Array {
  const digest = present(digests.taproot({ index, hashType, leaf, annexHash }), "a hash type that can be signed");
  const signature = schnorr.sign(digest, secret, draw("aux"));
  return hashType === SIGHASH_DEFAULT ? signature : concat(signature, Uint8Array.of(hashType));
}
/** One key's output, spent by the key, and an output that nobody has the key of, spent by a script for the other key. */
function taprootCoins(amount: Sat): readonly Coin[] {
  const [internal, tapscript] = [ALICE.point.subarray(1), script(BOB.point.subarray(1), OP.CHECKSIG)];
  const output = present(outputKey(internal), "a key");
  const secret = present(schnorr.tweakSecret(ALICE.secret, tweakHash(internal)), "a secret");
  const { key: scriptKey, control } = oneLeaf(tapscript);
  const leaf = { hash: leafHash(TAPSCRIPT_LEAF_VERSION, tapscript), codeSeparator: NO_CODE_SEPARATOR };
  return [
    {
      name: "a taproot key",
      prevout: { amount, script: p2tr(output.key) },
      unlock: (digests, index) => ({
        scriptSig: EMPTY,
        witness: [taprootSigned(digests, secret, { index, hashType: SIGHASH_DEFAULT })],
      }),
    },
    {
      name: "a tapscript",
      prevout: { amount, script: p2tr(scriptKey) },
      unlock: (digests, index) => ({
        scriptSig: EMPTY,
        witness: [taprootSigned(digests, BOB.secret, { index, hashType: SIGHASH_ALL, leaf }), tapscript, control],
      }),
    },
  ];
}

/** The usual kinds of coin of ours. */
export function coins(amount: Sat): readonly Coin[] {
  const multisig = multisig2of2(ALICE.point, BOB.point);
  const inOrder = toHex(ALICE.point) < toHex(BOB.point) ? [ALICE, BOB] : [BOB, ALICE];
  const keyed = (digests: SighashesOf, index: number): readonly Uint8Array[] => [
    signed(ALICE.secret, digests.segwit(index, p2pkhOf(ALICE.point), amount, SIGHASH_ALL)),
    ALICE.point,
  ];
  return [
    {
      name: "a key hash",
      prevout: { amount, script: p2pkhOf(ALICE.point) },
      unlock: (digests, index) => {
        const signature = signed(ALICE.secret, digests.legacy(index, p2pkhOf(ALICE.point), SIGHASH_ALL));
        return { scriptSig: pushOnly(signature, ALICE.point), witness: [] };
      },
    },
    {
      name: "a witness key hash",
      prevout: { amount, script: p2wpkhOf(ALICE.point) },
      unlock: (digests, index) => ({ scriptSig: EMPTY, witness: keyed(digests, index) }),
    },
    {
      name: "a witness key hash in P2SH",
      prevout: { amount, script: p2shOf(p2wpkhOf(ALICE.point)) },
      unlock: (digests, index) => ({ scriptSig: pushOnly(p2wpkhOf(ALICE.point)), witness: keyed(digests, index) }),
    },
    {
      name: "2 of 2 in a witness script",
      prevout: { amount, script: p2wshOf(multisig) },
      unlock: (digests, index) => {
        const digest = digests.segwit(index, multisig, amount, SIGHASH_ALL);
        return { scriptSig: EMPTY, witness: [EMPTY, ...inOrder.map(({ secret }) => signed(secret, digest)), multisig] };
      },
    },
    ...taprootCoins(amount),
  ];
}

export interface Spending {
  readonly version?: number;
  readonly locktime?: number;
  readonly outputs?: readonly TxOut[];
}
/** A transaction that spends these coins, signed. */
export function spend(label: string, list: readonly Coin[], given: Spending = {}): Tx {
  const unsigned: Tx = {
    version: given.version ?? 2,
    inputs: list.map(({ sequence = 0xffff_fffd }, at) => ({
      prevout: { txid: drawTxid(`${label} ${at}`), vout: drawNumber(`${label} vout ${at}`, 4) },
      scriptSig: EMPTY,
      sequence,
      witness: [],
    })),
    outputs: given.outputs ?? [{ amount: sat(1000n), script: p2wpkhOf(BOB.point) }],
    locktime: given.locktime ?? 0,
  };
  return sign(unsigned, list);
}
/** The transaction with the unlocking parts of all its coins. */
export function sign(unsigned: Tx, list: readonly Pick<Coin, "unlock" | "prevout">[]): Tx {
  const digests = sighashesOf(
    unsigned,
    list.map(({ prevout }) => prevout),
  );
  const inputs = unsigned.inputs.map((input, at) => ({ ...input, ...list[at]?.unlock(digests, at) }));
  return { ...unsigned, inputs };
}
export const hexOfTx = (tx: Tx): string => toHex(encodeTx(tx));
