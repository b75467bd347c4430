import { expect } from "chai";
import { concat, utf8 } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import type { Address, Connection, Listener, Network } from "../../src/ports/network.ts";

/** An adapter of the network port under test, seen from two machines. */
export interface NetworkUnderTest {
  readonly server: Network;
  readonly client: Network;
  /** Where the server may listen, and where nobody does. */
  readonly free: Address;
  readonly nobody: Address;
  /** Lets what is under way arrive, until `done` holds. */
  until(done: () => boolean): Promise<void>;
  dispose(): Promise<void>;
}
interface Heard {
  readonly pieces: Uint8Array[];
  closed: number;
}
function hear(connection: Connection): Heard {
  const heard: Heard = { pieces: [], closed: 0 };
  connection.attach({ data: (bytes) => heard.pieces.push(bytes.slice()), closed: () => heard.closed++ });
  return heard;
}
const textOf = ({ pieces }: Heard): string => new TextDecoder().decode(concat(...pieces));
const lengthOf = ({ pieces }: Heard): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** The law of `src/ports/network.ts`, for every adapter. */
export function networkContract(name: string, make: () => Promise<NetworkUnderTest>): void {
  describe(`network port: ${name}`, () => {
    let under: NetworkUnderTest;
    let listener: Listener;
    let accepted: Connection[];
    beforeEach(async () => {
      under = await make();
      accepted = [];
      listener = await under.server.listen(under.free, (connection) => accepted.push(connection));
    });
    afterEach(() => under.dispose());
    const dial = (address: Address): Promise<Connection> => {
      let settled = false;
      const dialled = under.client.dial(address).finally(() => {
        settled = true;
      });
      dialled.catch(() => {});
      return under.until(() => settled).then(() => dialled);
    };
    async function connect(): Promise<readonly [Connection, Connection]> {
      const connection = await dial(listener.address);
      await under.until(() => accepted.length > 0);
      return [connection, present(accepted[0], "the server has accepted")];
    }

    it("carries bytes both ways in order, those sent before anybody listens too", async () => {
      const [client, server] = await connect();
      client.send(utf8("act one, "));
      client.send(utf8("act three"));
      const atServer = hear(server);
      const atClient = hear(client);
      server.send(utf8("act two"));
      await under.until(() => lengthOf(atServer) === 18 && lengthOf(atClient) === 7);
      expect([textOf(atServer), textOf(atClient)]).to.deep.equal(["act one, act three", "act two"]);
      expect([client.queuedBytes, server.queuedBytes]).to.deep.equal([0, 0]);
    });

    it("carries more than any buffer holds", async () => {
      const [client, server] = await connect();
      const atServer = hear(server);
      const sent = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
      client.send(sent);
      await under.until(() => lengthOf(atServer) === sent.length);
      expect(concat(...atServer.pieces)).to.deep.equal(sent);
    });

    it("holds bytes back while paused, shows them to the sender as queued, and gives them after resume", async () => {
      const [client, server] = await connect();
      const atServer = hear(server);
      server.pause();
      // More than the system keeps on the way.
      for (let i = 0; i < 16; i++) client.send(new Uint8Array(1_000_000));
      await under.until(() => client.queuedBytes > 0);
      expect(lengthOf(atServer)).to.equal(0);
      server.resume();
      await under.until(() => lengthOf(atServer) === 16_000_000);
      expect(client.queuedBytes).to.equal(0);
    });

    it("delivers what was sent before a close, then tells the other end once", async () => {
      const [client, server] = await connect();
      const atServer = hear(server);
      const atClient = hear(client);
      client.send(utf8("last words"));
      client.close();
      await under.until(() => atServer.closed > 0);
      expect([textOf(atServer), atServer.closed]).to.deep.equal(["last words", 1]);
      client.send(utf8("too late"));
      server.send(utf8("too late"));
      client.close();
      await under.until(() => true);
      expect([textOf(atServer), atServer.closed, lengthOf(atClient), atClient.closed]).to.deep.equal([
        "last words",
        1,
        0,
        0,
      ]);
    });

    it("ends at once with close('now'), and tells the other end once", async () => {
      const [client, server] = await connect();
      const atServer = hear(server);
      hear(client);
      client.close("now");
      await under.until(() => atServer.closed > 0);
      expect(atServer.closed).to.equal(1);
    });

    it("tells a closed connection to who attaches late", async () => {
      const [client, server] = await connect();
      hear(client);
      client.close("now");
      await under.until(() => true);
      const late = hear(server);
      await under.until(() => late.closed > 0);
      expect(late.closed).to.equal(1);
    });

    it("refuses a port in use, and a dial where nobody listens", async () => {
      const twice = under.server
        .listen(listener.address, () => {})
        .then(
          () => "listening",
          (error: Error) => error.message,
        );
      expect(await twice).to.contain("EADDRINUSE");
      const nobody = await dial(under.nobody).then(
        () => "connected",
        (error: Error) => error,
      );
      expect(nobody).to.be.instanceOf(Error);
    });

    it("accepts nobody once the listener is closed", async () => {
      await listener.close();
      const refused = await dial(listener.address).then(
        () => "connected",
        (error: Error) => error,
      );
      expect(refused).to.be.instanceOf(Error);
      expect(accepted).to.deep.equal([]);
    });
  });
}
