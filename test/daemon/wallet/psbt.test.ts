import * as btc from "@scure/btc-signer";
import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { expect } from "chai";
import { toHex } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { SAT_MAX, sat } from "../../../src/base/units.ts";
import { encodeTx, type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { lock } from "../../../src/daemon/wallet/locks.ts";
import { type Psbt, type PsbtInput, psbtOf, psbtText, withInputs } from "../../../src/daemon/wallet/psbt.ts";
import { finalizePsbt, sendPsbt } from "../../../src/daemon/wallet/psbt-finish.ts";
import { createPsbt, releasePsbt, signPsbt } from "../../../src/daemon/wallet/psbt-sign.ts";
import { fund, reservations, send, unsignedInput } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { balance, check, ELSEWHERE, paying, TAPROOT } from "./history.ts";
import {
  again,
  changed,
  created,
  free,
  joint,
  MOST,
  payment,
  right,
  signedBy,
  theirsToo,
  world,
  wrong,
} from "./psbt-world.ts";
import { keys, SmallChain } from "./small-chain.ts";

describe("a PSBT of our own", () => {
  it("keeps its coins while it is out, over a restart, and is no funding of a channel", () => {
    const { chain } = world();
    created(chain);
    const kept = balance({ reserved: 200_000n });
    expect(walletBalance(chain.wallet)).to.deep.equal(kept);
    expect(send(chain.wallet, keys, paying(1_000n))).to.have.property("ok", false);
    chain.restart();
    expect(walletBalance(chain.wallet)).to.deep.equal(kept);
    expect(reservations(chain.wallet)).to.deep.equal([]);
  });

  it("signed here and by another program alike, is what the chain takes, and the balance adds up with it", () => {
    const { chain } = world();
    const psbt = again(signedBy(chain, again(created(chain))));
    const other = btc.Transaction.fromPSBT(Uint8Array.from(Buffer.from(psbtText(psbt), "base64")), {
      allowUnknownOutputs: true,
    });
    other.finalize();
    const { tx } = right(finalizePsbt(chain.wallet, psbt));
    expect(toHex(encodeTx(tx))).to.equal(toHex(other.extract()));
    const sent = right(sendPsbt(chain.wallet, psbt, MOST));
    chain.take(sent.step);
    expect(sent.sent).to.equal(txidOf(psbt.tx));
    check(chain);
    chain.mine(ELSEWHERE);
    const fee = present(chain.wallet.txs.get(sent.sent)?.fee, "it is known");
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 50_000n - fee }));
    check(chain);
    chain.disconnect();
    chain.restart();
    check(chain);
  });

  it("mined behind our back, is counted all the same, and comes back after a reorganisation", () => {
    const { chain } = world();
    const psbt = signedBy(chain, created(chain));
    const { tx } = right(finalizePsbt(chain.wallet, psbt));
    chain.mempool.set(txidOf(tx), tx);
    chain.mine(ELSEWHERE);
    check(chain);
    chain.disconnect();
    expect(chain.mempool.has(txidOf(tx))).to.equal(true);
    check(chain);
  });

  it("gives its coins back when it is released, or when something else spends one of them", () => {
    const { chain } = world();
    const psbt = created(chain);
    chain.take(right(releasePsbt(chain.wallet, txidOf(psbt.tx))).step);
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 200_000n }));
    expect(wrong(releasePsbt(chain.wallet, txidOf(psbt.tx)))).to.deep.equal({ code: "not_out" });
    const other = signedBy(chain, created(chain, 150_000n, TAPROOT));
    const [first] = other.tx.inputs;
    const rival: Tx = { ...other.tx, inputs: [present(first, "an input")], outputs: [] };
    chain.mine(ELSEWHERE, [rival]);
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 100_000n }));
  });

  it("is not released when it is a channel's funding, signed and waiting for its peer", () => {
    const { chain } = world();
    const funded = fund(chain.wallet, keys, paying(60_000n));
    if (!funded.ok) throw new Error(funded.error.code);
    chain.take(funded.value.step);
    expect(wrong(releasePsbt(chain.wallet, funded.value.txid))).to.deep.equal({ code: "not_out" });
  });

  it("tells other signers where its keys are and what it spends", () => {
    const { chain } = world();
    const psbt = created(chain);
    const { inputs } = RawPSBTV0.decode(Uint8Array.from(Buffer.from(psbtText(psbt), "base64")));
    const steps = (purpose: number) => [purpose + 2 ** 31, 1 + 2 ** 31, 2 ** 31, 0, 0];
    const shown = inputs.map(({ witnessUtxo, bip32Derivation, tapBip32Derivation }) => ({
      amount: witnessUtxo?.amount,
      path: bip32Derivation?.[0]?.[1].path ?? tapBip32Derivation?.[0]?.[1].der.path,
    }));
    expect(shown).to.have.deep.members([
      { amount: 100_000n, path: steps(84) },
      { amount: 100_000n, path: steps(86) },
    ]);
  });

  it("leaves what closing channels may cost", () => {
    const { chain } = world();
    const made = createPsbt(chain.wallet, keys, payment(150_000n), { keep: sat(50_000n), most: MOST });
    expect(wrong(made)).to.have.property("code", "insufficient_funds");
  });

  it("neither pays dust nor an absurd fee, unless the latter is asked for", () => {
    const { chain } = world();
    expect(wrong(createPsbt(chain.wallet, keys, payment(329n), free))).to.deep.include({ code: "dust_output" });
    const dear = payment(50_000n, ELSEWHERE, 40_000);
    expect(wrong(createPsbt(chain.wallet, keys, dear, free))).to.have.property("code", "absurd_fee");
    const asked = right(createPsbt(chain.wallet, keys, dear, { ...free, most: undefined }));
    chain.take(asked.step);
    const signed = right(signPsbt(chain.wallet, keys, asked.psbt, { ...free, most: undefined })).psbt;
    expect(wrong(sendPsbt(chain.wallet, signed, MOST))).to.have.property("code", "absurd_fee");
    expect(sendPsbt(chain.wallet, signed, undefined).ok).to.equal(true);
  });
});

describe("a PSBT of somebody else's making", () => {
  it("gets our signatures alone; our coins are kept for it before they leave, and it goes out when all have signed", () => {
    const { chain } = world();
    const psbt = joint(chain, [240_000n]);
    const ours = signedBy(chain, psbt);
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ reserved: 200_000n }));
    expect(ours.inputs[0]).to.deep.equal(psbt.inputs[0]);
    expect(wrong(sendPsbt(chain.wallet, ours, MOST))).to.deep.equal({ code: "incomplete", index: 0 });
    const all = theirsToo(ours);
    const sent = right(sendPsbt(chain.wallet, all, MOST));
    chain.take(sent.step);
    expect(chain.mempool.has(sent.sent)).to.equal(true);
    expect(right(sendPsbt(chain.wallet, all, MOST)).sent).to.equal(sent.sent);
  });

  it("that lies about our coin, by amount, script or parent, is refused, and no coin is kept for it", () => {
    const { chain, paid } = world();
    const psbt = joint(chain, [240_000n]);
    const said = present(psbt.inputs[1]?.witnessUtxo, "a coin of ours");
    const lies: [Partial<PsbtInput>, string][] = [
      [{ witnessUtxo: { ...said, amount: said.amount - 1n } }, "wrong_prevout"],
      [{ witnessUtxo: { ...said, amount: said.amount + 1n } }, "wrong_prevout"],
      [{ witnessUtxo: { ...said, script: ELSEWHERE } }, "wrong_prevout"],
      [{ parent: present(paid[1], "another transaction") }, "wrong_parent"],
      [{ parent: { ...present(paid[0], "the parent"), locktime: 1 } }, "wrong_parent"],
    ];
    for (const [lie, code] of lies) {
      expect(wrong(signPsbt(chain.wallet, keys, changed(psbt, lie, 1), free))).to.deep.equal({ code, index: 1 });
    }
    expect(
      signPsbt(chain.wallet, keys, changed(psbt, { parent: present(paid[0], "the parent") }, 1), free).ok,
    ).to.equal(true);
  });

  it("whose foreign input lies about its parent, or says nothing, is refused", () => {
    const { chain, paid } = world();
    const psbt = joint(chain, [240_000n]);
    const sign = (change: Psbt) => wrong(signPsbt(chain.wallet, keys, change, free));
    expect(sign(changed(psbt, { parent: present(paid[0], "another") }))).to.deep.equal({
      code: "wrong_parent",
      index: 0,
    });
    const { witnessUtxo: _, ...nothing } = present(psbt.inputs[0], "theirs");
    const silent = withInputs(psbt, (input, index) => (index === 0 ? nothing : input));
    expect(sign(silent)).to.deep.equal({ code: "unknown_prevout", index: 0 });
  });

  it("whose fee is below nothing, or absurd, is refused", () => {
    const { chain } = world();
    const sign = (psbt: Psbt, most: typeof MOST | undefined = MOST) =>
      wrong(signPsbt(chain.wallet, keys, psbt, { ...free, most }));
    expect(sign(joint(chain, [250_001n]))).to.deep.equal({ code: "negative_fee" });
    expect(sign(joint(chain, [100_000n]))).to.have.property("code", "absurd_fee");
    expect(signPsbt(chain.wallet, keys, joint(chain, [100_000n]), { ...free, most: undefined }).ok).to.equal(true);
    expect(sign(joint(chain, [240_000n, 100n]))).to.deep.equal({ code: "dust_output", index: 1 });
  });

  it("into which more comes than there are coins is refused, whatever fee is asked for", () => {
    const { chain } = world();
    const psbt = joint(chain, [100_000n], SAT_MAX);
    for (const most of [MOST, undefined]) {
      expect(wrong(signPsbt(chain.wallet, keys, psbt, { ...free, most }))).to.deep.equal({ code: "too_much" });
      expect(wrong(sendPsbt(chain.wallet, psbt, most))).to.have.property("code", "incomplete");
    }
  });

  it("that asks for a signature which leaves something open is refused", () => {
    const { chain } = world([100_000n], ["p2wpkh"]);
    const psbt = joint(chain, [140_000n]);
    for (const sighashType of [0, 2, 3, 0x81, 0x82, 0x83, 4, 0x101]) {
      const asked = signPsbt(chain.wallet, keys, changed(psbt, { sighashType }, 1), free);
      expect(wrong(asked)).to.deep.equal({ code: "other_sighash", index: 1 });
    }
    expect(signPsbt(chain.wallet, keys, changed(psbt, { sighashType: 1 }, 1), free).ok).to.equal(true);
    expect(signPsbt(chain.wallet, keys, changed(psbt, { sighashType: 3 }, 0), free).ok).to.equal(true);
  });

  it("may ask a taproot input for ALL by name, and then gets it", () => {
    const { chain } = world([100_000n], ["p2tr"]);
    const psbt = changed(created(chain, 50_000n), { sighashType: 1 });
    const signed = signedBy(chain, psbt);
    expect(signed.inputs[0]?.tapKeySig?.length).to.equal(65);
    expect(finalizePsbt(chain.wallet, signed).ok).to.equal(true);
  });

  it("that wants a coin which is locked, spent, or kept for a channel or another PSBT is refused", () => {
    const { chain } = world([100_000n], ["p2wpkh"]);
    const psbt = joint(chain, [140_000n]);
    const [coin] = [...chain.wallet.coins.values()];
    const { outpoint } = present(coin, "our coin");
    const codes = (): unknown => wrong(signPsbt(chain.wallet, keys, psbt, free));
    const before = chain.wallet;
    const locked = lock(chain.wallet, outpoint, sat(0n));
    if (!locked.ok) throw new Error(locked.error.code);
    chain.take(locked.value);
    expect(codes()).to.deep.equal({ code: "kept_coin", outpoint, status: "locked" });
    chain.wallet = before;
    for (const [spend, status] of [
      [fund, "reserved"],
      [send, "spent"],
    ] as const) {
      const made = spend(before, keys, paying(60_000n));
      if (!made.ok) throw new Error(made.error.code);
      chain.wallet = made.value.step.next;
      expect(codes()).to.deep.equal({ code: "kept_coin", outpoint, status });
    }
    chain.wallet = right(createPsbt(before, keys, payment(50_000n), free)).step.next;
    expect(codes()).to.deep.equal({ code: "kept_coin", outpoint, status: "reserved" });
  });

  it("does not get a coin that came later and is kept for a channel, though others are kept for it already", () => {
    const { chain } = world([100_000n], ["p2wpkh"]);
    const [first] = [...chain.wallet.coins.values()];
    const later = chain.foreign({ amount: sat(70_000n), script: chain.address() });
    const outpoint = { txid: txidOf(later), vout: 0 };
    const inputs = [present(first, "our coin").outpoint, outpoint].map(unsignedInput);
    const outputs = [{ amount: sat(160_000n), script: ELSEWHERE }];
    const psbt = withInputs(psbtOf({ version: 2, inputs, outputs, locktime: 0 }), (input, at) =>
      at === 1 ? { ...input, parent: later } : input,
    );
    signedBy(chain, psbt);
    chain.mine(ELSEWHERE, [later]);
    const funded = fund(chain.wallet, keys, paying(60_000n));
    if (!funded.ok) throw new Error(funded.error.code);
    chain.take(funded.value.step);
    const asked = signPsbt(chain.wallet, keys, psbt, free);
    expect(wrong(asked)).to.deep.equal({ code: "kept_coin", outpoint, status: "reserved" });
  });

  it("leaves what closing channels may cost", () => {
    const { chain } = world();
    const asked = signPsbt(chain.wallet, keys, joint(chain, [240_000n]), { keep: sat(1n), most: MOST });
    expect(wrong(asked)).to.have.property("code", "insufficient_funds");
  });

  it("without a coin of ours is nothing to sign or to send", () => {
    const { chain } = world();
    const psbt = joint(new SmallChain(), [40_000n]);
    expect(wrong(signPsbt(chain.wallet, keys, psbt, free))).to.deep.equal({ code: "not_ours" });
  });

  it("with a signature that is not one is not finished, whoever spoilt it", () => {
    const { chain } = world([100_000n], ["p2tr"]);
    const signed = signedBy(chain, created(chain, 50_000n));
    const spoilt = changed(signed, { tapKeySig: new Uint8Array(64).fill(1) });
    expect(wrong(finalizePsbt(chain.wallet, spoilt))).to.deep.equal({ code: "bad_signature", index: 0 });
    const final = changed(signed, { finalScriptWitness: [new Uint8Array(64).fill(1)] });
    expect(wrong(sendPsbt(chain.wallet, final, MOST))).to.deep.equal({ code: "bad_signature", index: 0 });
  });
});
