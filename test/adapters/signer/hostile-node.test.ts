import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { channelSecrets, FRESH_MEMORY, type SigningRequest } from "../../../channels/index.ts";
import { channelKeys } from "../../../channels/keys/channel-keys.ts";
import { remoteCommitmentRequest } from "../../../channels/keys/signer.ts";
import { buildCommitment } from "../../../channels/tx/commitment.ts";
import { serveSigner } from "../../../src/adapters/signer/server.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { quiet } from "../../channels/keys/requests.ts";
import { bob, keysOf, type Side, termsOf } from "../../channels/tx/two-sides.ts";
import { WORDS } from "../../contract/signer.ts";
import { Caller, HELLO, serviceAt } from "./caller.ts";

const secrets = channelSecrets(keychainOf(WORDS, "regtest").channelSeed(0));
const us: Side = { ...bob, secrets, keys: channelKeys(secrets) };

/** The peer's commitment `number`, over that output of a transaction. */
function commitment(number: bigint, vout: number): SigningRequest {
  const terms = termsOf(bob, us, us, "anchors");
  const over = { ...terms, funding: { ...terms.funding, outpoint: { ...terms.funding.outpoint, vout } } };
  const keys = keysOf(bob, us, number);
  return remoteCommitmentRequest(over, keys.perCommitmentPoint, buildCommitment(over, keys, number, quiet(1_000_000n)));
}

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
  it("goes on when that is a commitment over an output whose place no record has room for", async () => {
    node.ask({ tag: "sign", index: 0, request: commitment(0n, 0x1_0000) });
    node.ask({ tag: "sign", index: 0, request: commitment(0n, 0xffff) });
    node.ask({ tag: "mark", mark: 1 });
    node.ask({ tag: "keep", mark: 1 });
    const heard = await answers(5);
    expect(heard[2]).to.deep.equal({ tag: "signing_refused", refusal: { code: "malformed_request" } });
    expect(heard.slice(3).map(({ tag }) => tag)).to.deep.equal(["signed", "kept"]);
  });
});
