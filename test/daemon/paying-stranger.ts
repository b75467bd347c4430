import { buildOnion, type FinalContent, type Route, sharedSecretsOfRoute } from "../../routing/index.ts";
import type { PaymentHash } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { cltvExpiry, type Msat, msat } from "../../src/base/units.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import type { World } from "../../src/lab/world.ts";
import { decodeInvoice } from "../../src/payments/invoice.ts";
import { fundedBy, type Puppet, type Strings } from "./puppet.ts";
import { invoiceOf, line, type Stranger, stranger } from "./small-world.ts";

/** What the node on the way asks for at most. */
const FEE = 10_000n;

/** What an HTLC is offered for. */
export interface Bill {
  readonly paymentHash: PaymentHash;
  readonly paymentSecret: Uint8Array;
}
export interface Paid {
  readonly onion: Uint8Array;
  /** With every node of the route, for reading what comes back. */
  readonly secrets: readonly Uint8Array[];
}
/** A stranger who can pay, with what no honest payer would put into an onion, and reads what comes back. */
export interface PayingStranger {
  readonly world: World;
  /** Its channel is with this one. */
  readonly router: LabNode;
  /** At the end of the line: the same where there is one node. */
  readonly payee: LabNode;
  readonly mallory: Stranger;
  readonly puppet: Puppet;
  /** An invoice of the payee. */
  bill(amount: Msat): Promise<Bill>;
  /** Offers an HTLC whose last onion layer says this, each with a session key of its own. */
  pay(amount: Msat, paymentHash: PaymentHash, content: Partial<FinalContent>): Paid;
}

/** @param nodes  in a line, one or two; the stranger's channel is with the first */
export async function payingStranger(
  nodes: 1 | 2,
  { strings = {}, ...options }: NonNullable<Parameters<typeof line>[1]> & { readonly strings?: Strings } = {},
): Promise<PayingStranger> {
  const { world, nodes: all, edges } = await line(nodes, options);
  const [router, payee] = [present(all[0], "a router"), present(all.at(-1), "a payee")];
  const mallory = await stranger(world, router);
  const puppet = await fundedBy(world, router, mallory, { strings });
  const { height } = world.chain.brain.chain.tip;
  const names = [puppet.id, ...edges.map(({ id }) => id)].map((id) =>
    present(router.node.channels().find((channel) => channel.id === id)?.shortChannelId, "a confirmed channel"),
  );
  let count = 0;
  return {
    world,
    router,
    payee,
    mallory,
    puppet,
    async bill(amount) {
      const { bolt11 } = await invoiceOf(world, payee, amount);
      const invoice = decodeInvoice(bolt11, "regtest");
      if (!invoice.ok) throw new Error(invoice.error.code);
      return invoice.value;
    },
    pay(amount, paymentHash, content) {
      const hops = names.map((shortChannelId, at) => {
        const left = names.length - 1 - at;
        const expiry = cltvExpiry(height + 100 + 200 * left);
        return {
          nodeId: at === 0 ? router.id : payee.id,
          shortChannelId,
          amount: msat(amount + FEE * BigInt(left)),
          expiry,
        };
      });
      const route: Route = { hops };
      const sessionKey = sha256(Uint8Array.of(7, ++count));
      const final = { paymentSecret: undefined, paymentMetadata: undefined, customRecords: [], ...content };
      const packet = buildOnion(route, sessionKey, paymentHash, final);
      if (!packet.ok) throw new Error(packet.error.code);
      const { onion } = packet.value;
      const { amount: sent, expiry } = present(hops[0], "a hop");
      const origin = { tag: "payment", paymentId: paymentHash, attempt: count } as const;
      puppet.give({ tag: "OfferHtlc", amount: sent, paymentHash, expiry, onion, origin });
      return { onion, secrets: sharedSecretsOfRoute(route, sessionKey) };
    },
  };
}
