import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { addressOf } from "../../../src/bitcoin/address.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { listTransactions, listUtxos } from "../../../src/daemon/wallet/lists.ts";
import { fund, send } from "../../../src/daemon/wallet/spend.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
const paying = (amount: bigint, label: string) => ({
  output: { amount: sat(amount), script: ELSEWHERE },
  feerate: satPerKw(1000),
  label,
});

describe("the wallet's lists", () => {
  const chain = new SmallChain();
  const script = chain.address();
  const first = chain.foreign({ amount: sat(100_000n), script });
  const second = chain.foreign({ amount: sat(20_000n), script: chain.address() });
  chain.mine(ELSEWHERE, [first]);
  chain.mine(ELSEWHERE, [second]);
  const sent = send(chain.wallet, keys, paying(60_000n, "to a friend"));
  if (!sent.ok) throw new Error(sent.error.code);
  chain.take(sent.value.step);
  const funded = fund(chain.wallet, keys, paying(15_000n, "channel"));
  if (!funded.ok) throw new Error(funded.error.code);
  chain.take(funded.value.step);

  it("show what each published transaction changed, oldest first, unconfirmed last", () => {
    const { fee, txid } = sent.value;
    expect(listTransactions(chain.wallet)).to.deep.equal([
      { txid: txidOf(first), deltaSat: 100_000n, feeSat: undefined, height: 1, label: "received" },
      { txid: txidOf(second), deltaSat: 20_000n, feeSat: undefined, height: 2, label: "received" },
      { txid, deltaSat: -60_000n - fee, feeSat: fee, height: undefined, label: "to a friend" },
    ]);
  });

  it("show every coin that is left, with its address, and which are reserved", () => {
    const { change } = sent.value;
    const utxos = listUtxos(chain.wallet, CHAINS.regtest);
    expect(
      utxos.map(({ amount, height, status, reservedFor }) => ({ amount, height, status, reservedFor })),
    ).to.deep.equal([
      { amount: 20_000n, height: 2, status: "reserved", reservedFor: "channel" },
      { amount: change, height: undefined, status: "unconfirmed", reservedFor: undefined },
    ]);
    const paid = present(second.outputs[0], "it pays one output").script;
    expect(utxos[0]?.address).to.equal(addressOf(paid, CHAINS.regtest));
  });
});
