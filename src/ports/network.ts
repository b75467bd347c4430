/** A two-way stream of bytes to one peer. Nothing is called back after `closed`. */
export interface Connection {
  /** For logs only: where the other end is. */
  readonly remoteAddress: string;
  /** Sets who hears of this connection. Called once, before any byte is delivered. */
  attach(listener: ConnectionListener): void;
  /** Queues bytes; order is kept. After the connection closed it does nothing. */
  send(bytes: Uint8Array): void;
  /** Bytes queued and not yet taken by the other end: the caller's measure for back-pressure. */
  readonly queuedBytes: number;
  /** Stops and starts the delivery of incoming bytes. */
  pause(): void;
  resume(): void;
  /** Ends the connection after what is queued, or at once with `now`. */
  close(how?: "now"): void;
}
export interface ConnectionListener {
  readonly data: (bytes: Uint8Array) => void;
  readonly closed: () => void;
}
export interface Address {
  readonly host: string;
  readonly port: number;
}
export interface Network {
  /** Resolves with the port in use; rejects with the system's error (`EADDRINUSE`, …). Port 0 picks a free one. */
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /** Rejects when nobody answers within the adapter's time limit. */
  dial(address: Address): Promise<Connection>;
}
export interface Listener {
  readonly address: Address;
  close(): Promise<void>;
}
/** What names on the internet stand for. */
export interface Names {
  /** The addresses of a name, as text. Rejects when there is no answer. */
  resolve(name: string): Promise<readonly string[]>;
}
