import { expect } from "chai";
import { concat } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { builtOn, hasRoomOn, restingOn } from "../../../src/daemon/wallet/chained.ts";
import { refused, send } from "../../../src/daemon/wallet/spend.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = concat(Uint8Array.of(0, 20), new Uint8Array(20).fill(9));

describe("transactions of the wallet that spend each other's change", () => {
  it("are known by which is built on which, as long as they wait", () => {
    const chain = new SmallChain();
    chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(90_000n), script: chain.address("p2wpkh") })]);
    const payment = { output: { amount: sat(5_000n), script: ELSEWHERE }, feerate: satPerKw(500), label: "sent" };
    const [a, b, c] = [1, 2, 3].map(() => {
      const sent = send(chain.wallet, keys, payment);
      if (!sent.ok) throw new Error("coins are there");
      chain.take(sent.value.step);
      return sent.value.txid;
    });
    const [first, second, third] = [present(a, "one"), present(b, "two"), present(c, "three")];
    const ids = (txs: ReturnType<typeof builtOn>) => txs.map(({ txid }) => txid);
    expect([first, second, third].map((txid) => ids(builtOn(chain.wallet, txid)))).to.deep.equal([
      [second, third],
      [third],
      [],
    ]);
    expect([first, second, third].map((txid) => ids(restingOn(chain.wallet, txid)))).to.deep.equal([
      [],
      [first],
      [second, first],
    ]);
    chain.mine(ELSEWHERE, [], (tx) => txidOf(tx) === first);
    expect(ids(restingOn(chain.wallet, third)), "what is mined waits no more").to.deep.equal([second]);
    chain.take(refused(chain.wallet, third));
    expect(ids(builtOn(chain.wallet, second)), "nor does what is given up").to.deep.equal([]);
  });
  it("have room for 25 of them, as mempools do; what lifts a commitment counts with it", () => {
    for (const [label, own, rows] of [
      ["x", 1, 25],
      ["x", 2, 24],
      ["channel closed: fee", 2, 12],
    ] as const) {
      const chain = new SmallChain();
      chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(90_000n), script: chain.address("p2wpkh") })]);
      const payment = { output: { amount: sat(1_000n), script: ELSEWHERE }, feerate: satPerKw(500), label };
      const room: boolean[] = [];
      for (let count = 1; count <= rows; count++) {
        const sent = send(chain.wallet, keys, payment);
        if (!sent.ok) throw new Error("coins are there");
        chain.take(sent.value.step);
        room.push(hasRoomOn(chain.wallet, sent.value.txid, own));
      }
      expect(room).to.deep.equal(Array.from({ length: rows }, (_, at) => at < rows - 1));
    }
  });
});
