import { expect } from "chai";
import { tcpNetwork } from "../../src/adapters/tcp.ts";
import { networkContract } from "../contract/network.ts";

networkContract("TCP", async () => ({
  server: tcpNetwork,
  client: tcpNetwork,
  free: { host: "127.0.0.1", port: 0 },
  // The discard port needs more rights than we have, or has nobody behind it.
  nobody: { host: "127.0.0.1", port: 9 },
  until: async (done) => {
    do await new Promise((resolve) => setImmediate(resolve));
    while (!done());
  },
  dispose: async () => {},
}));

describe("TCP: what one turn of the loop sends leaves in one call of the system", () => {
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  async function connected() {
    const heard: Uint8Array[] = [];
    const free = { host: "127.0.0.1", port: 0 };
    const { address, close } = await tcpNetwork.listen(free, (accepted) =>
      accepted.attach({ data: (bytes) => heard.push(bytes), closed: () => {} }),
    );
    const connection = await tcpNetwork.dial(address);
    const arrived = async (): Promise<Buffer> => {
      const all = (): Buffer => Buffer.concat(heard);
      while (all().at(-1) !== END) await nextTurn();
      return all();
    };
    return { connection, arrived, close };
  }
  const END = 0xff;

  it("holds what is sent back until the turn is over, and keeps its order", async () => {
    const { connection, arrived, close } = await connected();
    for (const byte of [1, 2, END]) connection.send(Uint8Array.of(byte));
    expect(connection.queuedBytes).to.equal(3);
    await nextTurn();
    expect(connection.queuedBytes).to.equal(0);
    expect(await arrived()).to.deep.equal(Buffer.of(1, 2, END));
    await close();
  });
  it("lets 8 KiB leave within the turn, and gathers again behind them", async () => {
    const { connection, arrived, close } = await connected();
    connection.send(new Uint8Array(8 * 1024 - 1));
    expect(connection.queuedBytes).to.equal(8 * 1024 - 1);
    connection.send(Uint8Array.of(1));
    expect(connection.queuedBytes).to.equal(0);
    connection.send(Uint8Array.of(END));
    expect(connection.queuedBytes).to.equal(1);
    expect((await arrived()).length).to.equal(8 * 1024 + 1);
    await close();
  });
  it("loses nothing of a turn that ends with a hang-up", async () => {
    const { connection, arrived, close } = await connected();
    connection.send(Uint8Array.of(1));
    connection.send(Uint8Array.of(END));
    connection.close();
    expect(await arrived()).to.deep.equal(Buffer.of(1, END));
    await close();
  });
});
