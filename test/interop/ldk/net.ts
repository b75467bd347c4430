import { connect, createServer, type Server, type Socket } from "node:net";
import * as ldk from "lightningdevkit";

/**
 * TCP for LDK's `PeerManager`. The stock layer never clears its mark that a socket is full, so that a peer to which much was
 * written once hears nothing more; this one takes nothing while full and says when there is room again.
 */
export class LdkNet {
  readonly #peers: ldk.PeerManager;
  readonly #heard: () => void;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #next = 0n;

  /** `heard` is called when something came that was read. */
  constructor(peers: ldk.PeerManager, heard: () => void) {
    this.#peers = peers;
    this.#heard = heard;
  }
  /** On a port of the loopback that the system chooses. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => this.#incoming(socket)).once("error", reject);
      this.#server = server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  }
  dial(nodeId: Uint8Array, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port }, () => {
        const descriptor = this.#descriptorOf(socket);
        const begun = this.#peers.new_outbound_connection(
          nodeId,
          descriptor,
          ldk.Option_SocketAddressZ.constructor_none(),
        );
        if (!(begun instanceof ldk.Result_CVec_u8ZPeerHandleErrorZ_OK)) return reject(new Error("LDK does not dial"));
        socket.write(begun.res);
        resolve();
      }).once("error", reject);
    });
  }
  /** As a cable that is cut: no end is said. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
  stop(): void {
    this.#server?.close();
    this.drop();
  }

  #incoming(socket: Socket): void {
    const descriptor = this.#descriptorOf(socket);
    const taken = this.#peers.new_inbound_connection(descriptor, ldk.Option_SocketAddressZ.constructor_none());
    if (!taken.is_ok()) socket.destroy();
  }
  #descriptorOf(socket: Socket): ldk.SocketDescriptor {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    const number = this.#next++;
    let isFull = false;
    const descriptor = ldk.SocketDescriptor.new_impl({
      send_data: (data: Uint8Array, mayRead: boolean): number => {
        if (mayRead) socket.resume();
        if (isFull || socket.destroyed) return 0;
        isFull = !socket.write(data);
        return data.length;
      },
      disconnect_socket: () => void socket.destroy(),
      eq: (other: ldk.SocketDescriptor) => other.hash() === number,
      hash: () => number,
    });
    socket.on("drain", () => {
      isFull = false;
      if (!this.#peers.write_buffer_space_avail(descriptor).is_ok()) socket.destroy();
    });
    socket.on("data", (data) => {
      const read = this.#peers.read_event(descriptor, new Uint8Array(data));
      if (!read.is_ok()) socket.destroy();
      else if (read instanceof ldk.Result_boolPeerHandleErrorZ_OK && read.res) socket.pause();
      this.#peers.process_events();
      this.#heard();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#peers.socket_disconnected(descriptor);
    });
    return descriptor;
  }
}
