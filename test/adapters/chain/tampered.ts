import type { Connection, Network } from "../../../src/ports/network.ts";

/** How the bytes of one call leave in others' place: some, others, later, or not at all. */
export type Change = (send: (bytes: Uint8Array) => void) => (bytes: Uint8Array) => void;

/** A network on which whoever is called by others does not send what it means to. */
export function tampered(network: Network, change: Change): Network {
  const accepted = (connection: Connection): Connection => ({
    remoteAddress: connection.remoteAddress,
    get queuedBytes() {
      return connection.queuedBytes;
    },
    send: change((bytes) => connection.send(bytes)),
    attach: (listener) => connection.attach(listener),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close: (how) => connection.close(how),
  });
  return {
    listen: (address, accept) => network.listen(address, (connection) => accept(accepted(connection))),
    dial: (address) => network.dial(address),
  };
}
