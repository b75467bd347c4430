/** A conversation with a site about a stream: named requests, each with one answer. On the wire: socket.io, namespace `/stream`. */
export interface StreamLink {
  /** Resolves with the site's answer, unparsed and not to be trusted; rejects when the link is cut or time is up. */
  request(name: string, body: unknown, timeoutMs: number): Promise<unknown>;
  close(): void;
}
export interface StreamLinks {
  /** Reaches the site at a base URL; rejects when it cannot. `lost` is called once if the link ends by itself. */
  open(site: string, lost: () => void): Promise<StreamLink>;
}
