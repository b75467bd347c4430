import { expect } from "chai";
import { outpointKey, type Txid } from "../../../src/base/ids.ts";
import { present, type Result } from "../../../src/base/result.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import type { CommandFault } from "../../../src/daemon/commands.ts";
import type { Label } from "../../../src/daemon/wallet/label.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { giveCoins, mine, streetOf } from "../failing-street.ts";
import { soon, violations } from "../small-world.ts";

const granted = <T>(answer: Result<T, CommandFault>): T => {
  if (!answer.ok) throw new Error(answer.error.detail);
  return answer.value;
};
const label = (type: Label["type"], ref: string, words: string, spendable?: boolean): Label => ({
  type,
  ref,
  label: words,
  origin: undefined,
  spendable,
});

describe("What people call transactions, addresses and coins", () => {
  it("is shown where these are, locks coins, outlives a crash, and goes from one wallet to another", async () => {
    const { world, nodes } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    const { address } = await soon(world, a.node.newAddress({ label: "tenant" }));
    await giveCoins(world, b);
    const { txid } = granted(await soon(world, b.node.send({ address, amount: sat(70_000n) })));
    await mine(world, 1);
    const coinOf = () =>
      present(
        a.node.walletUtxos().find(({ outpoint }) => outpoint.txid === txid),
        "it is paid",
      );
    const ref = outpointKey(coinOf().outpoint);
    const wordsOf = () => [
      coinOf().label,
      a.node.walletTransactions().find((one) => one.txid === txid)?.label,
      coinOf().status,
    ];
    expect(wordsOf()).to.deep.equal(["tenant", "tenant", "confirmed"]);
    expect(a.node.labels()).to.deep.equal([label("addr", address, "tenant")]);
    await soon(world, a.node.setLabel(label("addr", address.toUpperCase(), "new tenant")));
    expect(wordsOf()).to.deep.equal(["new tenant", "tenant", "confirmed"]);
    granted(await soon(world, a.node.setLabel(label("tx", txid, "June"))));
    granted(await soon(world, a.node.setLabel(label("output", ref, "deposit", false))));
    expect(wordsOf()).to.deep.equal(["deposit", "June", "locked"]);
    a.crash(0);
    await a.start();
    await world.pass(1_000);
    expect(wordsOf()).to.deep.equal(["deposit", "June", "locked"]);
    const all = a.node.labels();
    expect(all).to.deep.equal([
      label("addr", address, "new tenant"),
      label("output", ref, "deposit", false),
      label("tx", txid, "June"),
    ]);
    const file = all.map((one) => JSON.stringify(one)).join("\n");
    expect(granted(await soon(world, b.node.importLabels(file)))).to.deep.equal({ taken: 3, skipped: 0 });
    expect(b.node.labels()).to.deep.equal(all);
    expect(b.node.walletTransactions().find((one) => one.txid === txid)?.label).to.equal("June");
    // A coin that is spent or unlocked by hand says so itself.
    granted(await soon(world, a.node.setCoinLocked({ outpoint: coinOf().outpoint, locked: false })));
    expect(a.node.labels()).to.deep.include(label("output", ref, "deposit", true));
    granted(await soon(world, a.node.setLabel(label("tx", txid, ""))));
    expect(wordsOf()).to.deep.equal(["deposit", "tenant", "confirmed"]);
    expect(violations(world)).to.deep.equal([]);
  });

  it("locks a coin that comes after its label, once", async () => {
    const { world, nodes } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    const { address } = await soon(world, a.node.newAddress({}));
    await giveCoins(world, b);
    const { txid } = granted(await soon(world, b.node.send({ address, amount: sat(70_000n) })));
    const refs = [0, 1].map((vout) => outpointKey({ txid, vout }));
    for (const ref of refs) granted(await soon(world, a.node.setLabel(label("output", ref, "kept", false))));
    await mine(world, 1);
    const coin = () => a.node.walletUtxos().find(({ outpoint }) => outpoint.txid === txid);
    expect([coin()?.status, coin()?.label]).to.deep.equal(["locked", "kept"]);
    const { outpoint } = present(coin(), "it is paid");
    granted(await soon(world, a.node.setCoinLocked({ outpoint, locked: false })));
    granted(await soon(world, a.node.rescan({ from: blockHeight(0) })));
    await mine(world, 2);
    expect(coin()?.status).to.equal("confirmed");
  });

  it("is taken in whole or not at all: no label and no lock of a file that is refused", async () => {
    const { world, nodes } = await streetOf(2);
    const [a] = nodes as [LabNode];
    const coins = a.node.walletUtxos().filter(({ status }) => status === "confirmed");
    const refs = coins.map(({ outpoint }) => outpointKey(outpoint));
    const txid = present(coins[0], "a coin").outpoint.txid as Txid;
    const before = a.node.walletUtxos();
    // What closing the channel may cost has to stay.
    const all = [label("tx", txid, "x"), ...refs.map((ref) => label("output", ref, "y", false))];
    const refused = await soon(world, a.node.importLabels(all.map((one) => JSON.stringify(one)).join("\n")));
    expect(refused).to.have.nested.property("error.code", "insufficient_balance");
    expect(!refused.ok && refused.error.detail).to.include(refs.at(-1));
    const broken = await soon(world, a.node.importLabels(`${JSON.stringify(all[0])}\n{"type":"tx"}`));
    expect(!broken.ok && broken.error.detail).to.match(/^line 2: it is no JSON object/);
    const wrong = await soon(world, a.node.setLabel(label("addr", "nowhere", "z")));
    expect(wrong).to.have.nested.property("error.pointer", "/ref");
    expect([a.node.walletUtxos(), a.node.labels()]).to.deep.equal([before, []]);
  });
});
