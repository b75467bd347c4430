import { expect } from "chai";
import type { FinalContent } from "../../../routing/index.ts";
import { idBytes, type PaymentHash, type Preimage, paymentHash, preimage } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { type Msat, msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import type { KeysendRequest, PaymentInfo } from "../../../src/daemon/views.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { CRASHES_AT_WRITE, type World } from "../../../src/lab/world.ts";
import { payingStranger } from "../paying-stranger.ts";
import { line, soon, violations } from "../small-world.ts";

const AMOUNT = msat(5_000_000n);
const PODCAST = { type: 7_629_169n, value: new TextEncoder().encode('{"action":"stream"}') };

async function keysent(world: World, payer: LabNode, request: KeysendRequest): Promise<PaymentInfo> {
  const begun = await soon(world, payer.node.payKeysend(request));
  if (!begun.ok) throw new Error(`${begun.error.code} ${begun.error.detail}`);
  return present(await soon(world, payer.node.paymentEnd(begun.value.id, 60_000), 60_000), "an end");
}
const refused = async (world: World, payer: LabNode, request: KeysendRequest): Promise<unknown> => {
  const begun = await soon(world, payer.node.payKeysend(request));
  return begun.ok || { code: begun.error.code, pointer: begun.error.pointer };
};
const received = ({ node }: LabNode) => node.keysends().map(({ id: _, receivedAt: __, ...told }) => told);

describe("payments without an invoice (bLIP 3)", () => {
  it("go over several hops to a node that takes them, which records what came with them and tells of it", async () => {
    const { world, nodes } = await line(3, { acceptKeysend: () => true });
    const [payer, , payee] = nodes as [LabNode, LabNode, LabNode];
    const payment = await keysent(world, payer, { payee: payee.id, amount: AMOUNT, customRecords: [PODCAST] });
    expect(payment).to.deep.include({ state: "succeeded", keysend: true, payee: payee.id, hops: 2, fee: 3_500n });
    const { paymentHash: hash } = payment;
    expect(received(payee)).to.deep.equal([{ paymentHash: hash, amount: AMOUNT, customRecords: [PODCAST] }]);
    expect(payee.node.keysend(hash)?.id).to.equal(`ks_${hash}`);
    const told = (node: LabNode, family: string) =>
      node.node
        .events(0, 500)
        .filter(({ type }) => type.startsWith(family))
        .map(({ type, data }) => ({ type, ...data }));
    expect(told(payee, "keysend.")).to.deep.equal([
      { type: "keysend.received", paymentHash: hash, amountMsat: "5000000" },
    ]);
    expect(told(payer, "payment.").map(({ type }) => type)).to.deep.equal(["payment.started", "payment.succeeded"]);
    expect(payee.node.invoices()).to.deep.equal([]);
    const back = await keysent(world, payee, { payee: payer.id, amount: msat(1_000n) });
    expect([back.state, received(payer).length]).to.deep.equal(["succeeded", 1]);
    expect(violations(world)).to.deep.equal([]);
  });

  it("bring records of even types to a node whose applications know those, and are refused by others: some tips and wallets have such", async () => {
    const known = [818_818n, 112_111_100n];
    const { world, nodes } = await line(2, {
      acceptKeysend: () => true,
      keysendTypes: (node) => (node === 1 ? known : []),
    });
    const [payer, payee] = nodes as [LabNode, LabNode];
    const record = (type: bigint) => ({ type, value: Uint8Array.of(1) });
    const customRecords = [record(818_818n), PODCAST, record(112_111_100n)];
    const send = (to: LabNode, from: LabNode, records: KeysendRequest["customRecords"]) =>
      keysent(world, from, { payee: to.id, amount: AMOUNT, customRecords: records ?? [] });
    const { paymentHash: hash, state } = await send(payee, payer, customRecords);
    expect([state, received(payee)]).to.deep.equal([
      "succeeded",
      [{ paymentHash: hash, amount: AMOUNT, customRecords }],
    ]);
    for (const [to, from, records] of [
      [payee, payer, [record(7_629_168n)]],
      [payer, payee, [record(818_818n)]],
    ] as const) {
      const { failure } = await send(to, from, records);
      expect(failure).to.deep.equal({ code: "payment_failed", detail: "invalid_onion_payload from hop 1 of 1" });
    }
    expect([received(payee).length, received(payer), violations(world)]).to.deep.equal([1, [], []]);
  });

  it("are another payment each time they are asked for", async () => {
    const { world, nodes } = await line(2, { acceptKeysend: () => true });
    const [payer, payee] = nodes as [LabNode, LabNode];
    const request = { payee: payee.id, amount: AMOUNT };
    const [first, second] = [await keysent(world, payer, request), await keysent(world, payer, request)];
    expect(first.paymentHash).to.not.equal(second.paymentHash);
    expect(received(payee).map(({ amount }) => amount)).to.deep.equal([AMOUNT, AMOUNT]);
  });

  it("are refused before anything is sent: by nobody's wish, of nothing, to ourselves, with records that cannot go along", async () => {
    const { world, nodes } = await line(2, { acceptKeysend: (node) => node === 0 });
    const [payer, payee] = nodes as [LabNode, LabNode];
    const wrong = (change: Partial<KeysendRequest>) =>
      refused(world, payer, { payee: payee.id, amount: AMOUNT, ...change });
    const value = new Uint8Array(1_016);
    expect([
      await wrong({}),
      await wrong({ amount: msat(0n) }),
      await wrong({ payee: payer.id }),
      await wrong({ customRecords: [{ type: 65_535n, value }] }),
      await wrong({ customRecords: [{ type: 5_482_373_484n, value: value.subarray(0, 32) }] }),
      await wrong({ customRecords: [{ type: 65_536n, value }, PODCAST] }),
    ]).to.deep.equal([
      { code: "not_possible", pointer: undefined },
      { code: "bad_request", pointer: "/amountMsat" },
      { code: "bad_request", pointer: "/keysend" },
      { code: "bad_request", pointer: "/customRecords" },
      { code: "bad_request", pointer: "/customRecords" },
      { code: "bad_request", pointer: "/customRecords" },
    ]);
    expect([payer.node.payments(), received(payee)]).to.deep.equal([[], []]);
  });

  it("are refused by a node that does not want them, of whose wishes nothing is known", async () => {
    const { world, nodes } = await line(2, { wish: { announce: false } });
    const [payer, payee] = nodes as [LabNode, LabNode];
    const payment = await keysent(world, payer, { payee: payee.id, amount: AMOUNT });
    expect(payment.failure).to.deep.equal({
      code: "payment_failed",
      detail: "incorrect_or_unknown_payment_details from hop 1 of 1",
    });
    expect([received(payee), violations(world)]).to.deep.equal([[], []]);
  });
});

describe("a payment without an invoice, and a power failure at one of the writes that it brings about", () => {
  for (const at of ["the payer", "the payee"] as const)
    it(`at ${at}: it is paid once, or both know nothing of it`, async () => {
      const { world, nodes } = await line(2, { acceptKeysend: () => true });
      const [payer, payee] = nodes as [LabNode, LabNode];
      const victim = at === "the payer" ? payer : payee;
      const isKnown = (hash: PaymentHash) => payee.node.keysend(hash) !== undefined;
      let [begun, paidFor] = [0, 0n];
      for (let spared = 0; spared < 6; spared++)
        for (const how of CRASHES_AT_WRITE) {
          const amount = msat(1_000_000n + BigInt(++begun));
          world.crashAtWrite(victim, how, spared);
          let hash: PaymentHash | undefined;
          void payer.node.payKeysend({ payee: payee.id, amount }).then((answer) => {
            if (answer.ok) hash = answer.value.paymentHash;
          });
          await world.pass(20_000);
          world.disarm(victim);
          const [newest] = payer.node.payments().filter((payment) => payment.amount === amount);
          // Who was told of it finds it again.
          expect([undefined, newest?.paymentHash]).to.include(hash);
          if (newest === undefined) continue;
          expect(newest.state, `${how} after ${spared} writes`).to.equal("succeeded");
          expect(isKnown(newest.paymentHash)).to.equal(true);
          paidFor += amount;
        }
      expect(paidFor > 10_000_000n, `${paidFor} msat went over`).to.equal(true);
      expect(received(payee).reduce((sum, { amount }) => sum + amount, 0n)).to.equal(paidFor);
      const [channel] = payee.node.channels();
      expect(channel?.local).to.equal(100_000_000n + paidFor);
      expect(violations(world)).to.deep.equal([]);
    });
});

/** A stranger with a channel to a node, who can put into an onion what no honest payer would. */
async function crafty() {
  const paying = await payingStranger(1, { acceptKeysend: () => true });
  const { world, mallory, pay } = paying;
  /** What becomes of an HTLC of this hash, whose onion says this. */
  const offer = async (hash: PaymentHash, amount: Msat, content: Partial<FinalContent>): Promise<string> => {
    const ends = () => [...mallory.of("update_fulfill_htlc"), ...mallory.of("update_fail_htlc")].length;
    const before = { ends: ends(), fulfilled: mallory.of("update_fulfill_htlc").length };
    pay(amount, hash, content);
    expect(await world.until(() => ends() > before.ends, 20_000)).to.equal(true);
    return mallory.of("update_fulfill_htlc").length > before.fulfilled ? "fulfilled" : "failed";
  };
  return { ...paying, offer };
}
const CHOSEN: Preimage = preimage(new Uint8Array(32).fill(0x5a));
const CHOSEN_HASH = paymentHash(sha256(idBytes(CHOSEN)));

describe("a keysend's preimage in the onion of a stranger", () => {
  it("takes money once: a second HTLC of its hash is refused", async () => {
    const { world, payee, offer } = await crafty();
    const content = { keysendPreimage: CHOSEN };
    expect(await offer(CHOSEN_HASH, AMOUNT, content)).to.equal("fulfilled");
    expect(await offer(CHOSEN_HASH, AMOUNT, content)).to.equal("failed");
    expect(await offer(CHOSEN_HASH, AMOUNT, {})).to.equal("failed");
    expect(received(payee).length).to.equal(1);
    expect(violations(world)).to.deep.equal([]);
  });
  it("is no way to an invoice: without the secret it is refused, with it the invoice is settled and nothing else", async () => {
    const { world, payee, bill, offer } = await crafty();
    const { paymentHash: hash, paymentSecret } = await bill(AMOUNT);
    expect(await offer(hash, AMOUNT, { keysendPreimage: CHOSEN })).to.equal("failed");
    expect(payee.node.invoice(hash)?.state).to.equal("open");
    expect(await offer(hash, AMOUNT, { keysendPreimage: CHOSEN, paymentSecret })).to.equal("fulfilled");
    expect([payee.node.invoice(hash)?.state, received(payee)]).to.deep.equal(["settled", []]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("of an invoice that was paid, which its payer knows, is refused", async () => {
    const { world, payee, mallory, bill, offer } = await crafty();
    const { paymentHash: hash, paymentSecret } = await bill(AMOUNT);
    expect(await offer(hash, AMOUNT, { paymentSecret })).to.equal("fulfilled");
    const [{ payment_preimage: keysendPreimage } = { payment_preimage: CHOSEN }] = mallory.of("update_fulfill_htlc");
    expect(paymentHash(sha256(idBytes(keysendPreimage)))).to.equal(hash);
    expect(await offer(hash, AMOUNT, { keysendPreimage })).to.equal("failed");
    expect([received(payee), violations(world)]).to.deep.equal([[], []]);
  });
});
