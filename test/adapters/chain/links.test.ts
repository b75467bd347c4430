import { expect } from "chai";
import { Links, wholeNode } from "../../../src/adapters/chain/embedded/links.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { frameMessage } from "../../../src/bitcoin/frames.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { syncOf } from "../../../src/chain/sync/peer.ts";
import type { Connection, ConnectionListener } from "../../../src/ports/network.ts";
import { bench } from "../../chain/builder.ts";
import { noLog, testClock } from "./world.ts";

const { magic } = CHAINS.regtest;

describe("P2P: connections while the disk is crowded", () => {
  it("are not listened to, and nobody is blamed for what could not be heard", async () => {
    const clock = testClock();
    const done: { room: () => void } = { room: () => undefined };
    const disk = { crowded: false, room: () => new Promise<void>((resolve) => Object.assign(done, { room: resolve })) };
    const links = new Links({
      machine: wholeNode(syncOf(bench().brain)),
      magic,
      clock,
      random: systemRandom,
      log: noLog,
      onTipChanged: () => undefined,
      onStepped: () => undefined,
      onTxTaken: () => undefined,
      onWaiting: () => undefined,
      disk,
    });
    let heard: ConnectionListener | undefined;
    const told: string[] = [];
    const connection: Connection = {
      remoteAddress: "127.0.0.1:9",
      attach: (listener) => {
        heard = listener;
      },
      send: () => undefined,
      queuedBytes: 0,
      pause: () => void told.push("pause"),
      resume: () => void told.push("resume"),
      close: () => void told.push("close"),
    };
    links.add(connection, { inbound: true, greeted: () => undefined, closed: (_, why) => void told.push(why) });
    disk.crowded = true;
    heard?.data(frameMessage(magic, { name: "ping", nonce: 1n }));
    expect(new Set(told.splice(0))).to.deep.equal(new Set(["pause"]));
    for (let second = 0; second < 120; second++) clock.pass(1000);
    expect(told).to.deep.equal([]);
    disk.crowded = false;
    done.room();
    await new Promise((resolve) => setImmediate(resolve));
    for (let second = 0; second < 58; second++) clock.pass(1000);
    expect(told.splice(0)).to.deep.equal(["resume"]);
    for (let second = 0; second < 3; second++) clock.pass(1000);
    expect(told).to.deep.equal(["close", "no handshake"]);
    links.close();
  });
});
