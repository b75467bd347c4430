import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { FRESH_MEMORY } from "../../../channels/index.ts";
import { serveSigner } from "../../../src/adapters/signer/server.ts";
import { Caller, HELLO, serviceAt } from "./caller.ts";

describe("a signer at which a hostile node asks for what stops it", () => {
  const halted: string[] = [];
  let folder: string;
  let served: { close(): Promise<void> };
  let node: Caller;
  beforeEach(async () => {
    halted.length = 0;
    folder = mkdtempSync(join(tmpdir(), "sluice-signer-"));
    const path = join(folder, "socket");
    const onHalt = ({ message }: Error): void => {
      halted.push(message);
      node.close();
    };
    served = await serveSigner({ ...serviceAt(path), onHalt });
    node = new Caller(path);
    node.ask(HELLO);
    node.ask({ tag: "open", index: 0, remembered: FRESH_MEMORY });
  });
  /** That many answers, or what there was when it stopped. */
  const answers = async (count: number) => {
    await Promise.race([node.answers(count), node.over]);
    expect(halted).to.deep.equal([]);
    return node.heard;
  };
  afterEach(async () => {
    node.close();
    await served.close();
    rmSync(folder, { recursive: true });
  });

  it("goes on when that is to keep up to a mark that there never was", async () => {
    for (const asked of [
      { tag: "keep", mark: 7 },
      { tag: "secret", index: 0, number: 0n },
      { tag: "mark", mark: 1 },
      { tag: "keep", mark: 1 },
    ] as const)
      node.ask(asked);
    const heard = await answers(5);
    expect(heard[2]).to.deep.equal({ tag: "failed", detail: "what is kept was marked" });
    expect(heard[4]).to.deep.equal({ tag: "kept" });
  });
});
