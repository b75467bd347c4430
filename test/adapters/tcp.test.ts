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
