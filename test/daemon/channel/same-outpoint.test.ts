import { expect } from "chai";
import { remoteTerms } from "../../../channels/commitments.ts";
import {
  type ChannelEnv,
  channelKeys,
  channelSecrets,
  DEFAULT_POLICY,
  FRESH_MEMORY,
  sign,
} from "../../../channels/index.ts";
import { remoteCommitmentRequest } from "../../../channels/keys/signer.ts";
import { completeParams, firstCommitments } from "../../../channels/open/initial.ts";
import { channelId, type Outpoint } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { ChannelTable, channelEntry } from "../../../src/daemon/channel/table.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import type { FundingCreated } from "../../../src/wire/opening.ts";
import { fundedDual } from "../../support/dual-pair.ts";
import { mine, stateOf, streetOf } from "../failing-street.ts";
import { openInput, Puppet } from "../puppet.ts";
import { type Stranger, soon, stranger } from "../small-world.ts";

/** Somebody opens a channel whose `funding_created` names this output, with a signature that is good for it. */
function naming(world: World, mallory: Stranger, node: LabNode, funding: Outpoint): Puppet {
  const secrets = channelSecrets(sha256(new TextEncoder().encode(`puppet ${mallory.id} `)));
  const env = { keys: channelKeys(secrets), policy: DEFAULT_POLICY } as unknown as ChannelEnv;
  const puppet: Puppet = new Puppet(world, mallory, node, {
    say: (message) => {
      if (message.name !== "funding_created" || puppet.state.tag !== "WaitForFundingSigned") return message;
      const { proposal } = puppet.state;
      const params = completeParams(proposal, funding);
      const { remote } = firstCommitments(env, proposal, params);
      const request = remoteCommitmentRequest(remoteTerms(params), proposal.remoteFirstPoint, remote);
      const signed = sign(secrets, FRESH_MEMORY, request);
      if (!signed.ok) throw new Error(signed.error.code);
      const { signature } = signed.value.signatures;
      const { txid: funding_txid, vout: funding_output_index } = funding;
      return { ...message, funding_txid, funding_output_index, signature } satisfies FundingCreated;
    },
  });
  puppet.give(openInput(1));
  return puppet;
}

describe("RELIABILITY C29: two channels that name one output", () => {
  it("a channel over the output of another one, whose id says nothing of it, is refused, and the other one is watched on", async function () {
    this.timeout(60_000);
    const street = await streetOf(2, { push: msat(0n) });
    const { world, nodes } = street;
    const [a, b] = nodes as [LabNode, LabNode];
    const id = idOf(present(street.edges[0], "an edge"));
    const mallory = await stranger(world, a);
    const { funding } = present(a.node.channels()[0], "a channel");
    naming(world, mallory, a, present(funding, "its output"));
    await world.pass(1_000);
    expect(mallory.of("funding_signed")).to.deep.equal([]);
    expect(mallory.of("error").length).to.equal(1);
    expect(a.node.channels().length).to.equal(1);

    world.network.part(a.name, b.name);
    const closed = await soon(world, b.node.closeChannel({ id, force: true }));
    expect(closed.ok).to.equal(true);
    await mine(world, 2);
    expect(stateOf(a, street, 0)).to.equal("Failed");
    expect(a.node.explainChannel(id)?.closing).to.include({ by: "remote" });
  });

  it("should two come to one output all the same, each is told of, and goes without the other", () => {
    const { a, b } = fundedDual().parties;
    const entry = (byte: number) =>
      channelEntry(
        {
          peer: b.nodeId,
          temporaryId: channelId(new Uint8Array(32).fill(byte)),
          keyIndex: byte,
          signer: a.signer,
        },
        a.state,
      );
    const [first, second] = [entry(1), entry(2)];
    const table = new ChannelTable();
    const { funding } = a.funded.params;
    table.watchFunding(first, funding, Uint8Array.of(1));
    table.watchOutput(second, funding);
    table.watchOutput(second, funding);
    expect(table.byOutpoint(funding)).to.deep.equal([first, second]);
    table.remove(second);
    expect(table.byOutpoint(funding)).to.deep.equal([first]);
    table.remove(first);
    expect(table.byOutpoint(funding)).to.deep.equal([]);
  });
});
