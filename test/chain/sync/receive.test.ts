import { expect } from "chai";
import fc from "fast-check";
import type { Txid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { frameMessage, frameParser } from "../../../src/bitcoin/frames.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { receive } from "../../../src/chain/sync/receive.ts";
import { bench, buildBlock, give, matured } from "../builder.ts";

import { alone, NOW_MS, names, tx } from "./wire.ts";

describe("P2P: hostile bytes", () => {
  const seeds = (): readonly Uint8Array[] => {
    const chain = matured(1);
    const messages: readonly BitcoinMessage[] = [
      { name: "block", block: buildBlock(chain) },
      { name: "tx", tx: tx(chain.coins[0] as never, sat(500n)) },
      { name: "headers", headers: [buildBlock(chain).header] },
      {
        name: "inv",
        inventory: [
          { kind: "block", id: "11".repeat(32) as never },
          { kind: "tx", id: "22".repeat(32) as Txid },
        ],
      },
      { name: "ping", nonce: 3n },
      { name: "getheaders", version: 1, locator: [chain.brain.chain.tip.hash], stop: "00".repeat(32) as never },
    ];
    return messages.map((message) => frameMessage(CHAINS.regtest.magic, message));
  };
  it("end in a fault or are passed over, whatever they are, and never throw", () => {
    const frames = seeds();
    const change = fc.record({
      frame: fc.nat(frames.length - 1),
      at: fc.nat(400),
      value: fc.nat(255),
      cut: fc.nat(400),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(change, fc.uint8Array({ maxLength: 80 })), { maxLength: 8 }), (inputs) => {
        const { sync, peer } = alone(bench());
        const parser = frameParser(CHAINS.regtest.magic);
        for (const each of inputs) {
          const bytes = each instanceof Uint8Array ? each : (frames[each.frame] as Uint8Array).slice();
          if (!(each instanceof Uint8Array)) bytes[each.at % bytes.length] = each.value;
          for (const message of parser.feed(bytes).messages) receive(sync, peer, message, NOW_MS);
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });
  it("cannot make the good chain look bad", () => {
    const chain = matured(1);
    const { say } = alone(chain);
    const block = buildBlock(chain, { txs: [tx(chain.coins[0] as never, 0n)] });
    expect(names(say({ name: "block", block: { ...block, txs: block.txs.slice(0, 1) } }))).to.deep.equal([
      "Disconnect",
    ]);
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
  });
});
