import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { apiClient } from "../../src/cli/http.ts";

describe("the client of the HTTP API", () => {
  it("waits for no answer for ever where nothing is changed", async () => {
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const client = apiClient(url, undefined, { answerMsMax: 1 });
    const ended = await Promise.all(
      [client.get("/v1/info"), client.ask("/v1/decode", {})].map((asked) => asked.catch((error: unknown) => error)),
    );
    mute.closeAllConnections();
    mute.close();
    for (const each of ended)
      expect(each).to.include({
        name: "CliFault",
        exit: 3,
        message: `No daemon answers at ${url} (it took the question and is silent).`,
      });
  });
});
