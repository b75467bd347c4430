import { expect } from "chai";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import type { PaymentHash } from "../../../src/base/ids.ts";
import { err } from "../../../src/base/result.ts";
import { msat } from "../../../src/base/units.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { createEvents } from "../../../src/daemon/events.ts";
import type { PaymentHost } from "../../../src/daemon/payment/host.ts";
import { SubscriptionHost } from "../../../src/daemon/stream/subscription-host.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { Payment } from "../../../src/payments/payment.ts";
import { sessionSecrets } from "../../../src/streams/keys.ts";
import { offersBody, parseRequest, termsBody } from "../../../src/streams/messages.ts";
import { offerTicks, openPayeeSession } from "../../../src/streams/payee.ts";
import { offersDigest } from "../../../src/streams/ticket.ts";
import { noLog, testClock } from "../../adapters/chain/world.ts";
import { NODES, REQUEST, SECRETS, T0 } from "../../payments/fixture.ts";
import { CONTENT, MASTER, TERMS, throughJson } from "../../streams/pair.ts";

/** A site that is asked for terms and offers. */
function answerOf(name: string, body: unknown): unknown {
  const asked = parseRequest(name, body);
  if (!asked.ok) throw new Error(asked.error.code);
  if (asked.value.name !== "stream.offers")
    return throughJson(asked.value.name === "stream.open" ? termsBody(TERMS) : {});
  const { session } = asked.value;
  const secrets = { ...sessionSecrets(MASTER, session), content: CONTENT };
  const made = offerTicks(openPayeeSession(session, NODES.self, TERMS, T0), secrets, asked.value);
  if (!made.ok) throw new Error(made.error.code);
  const { offers } = made.value;
  return throughJson(offersBody({ offers, signature: secp256k1.sign(offersDigest(session, offers), SECRETS.dave) }));
}

/** A viewer whose payments say of each hash that there is this payment of it already. */
function viewer(existing: Pick<Payment, "tag">) {
  const clock = testClock();
  const store = memoryDisk().open();
  const turns = createTurns({ clock, store, onHalt: () => {} });
  const removed: string[] = [];
  const payments = {
    pay: () => {
      throw new Error("nothing is paid");
    },
    payments: {
      get: (paymentHash: PaymentHash) => ({ ...existing, request: { ...REQUEST, paymentHash } }),
      put: (_turn: unknown, hash: string) => void removed.push(hash),
    },
    quote: () => err({ code: "no_route" }),
  };
  const links = {
    open: async () => ({ request: async (name: string, body: unknown) => answerOf(name, body), close: () => {} }),
  };
  const ctx = {
    self: NODES.self,
    clock,
    store,
    turns,
    events: createEvents(store),
    random: seededRandom("viewer"),
    links,
    log: noLog,
  };
  const host = new SubscriptionHost(ctx as unknown as NodeContext, payments as unknown as PaymentHost);
  const answered = async <T>(asked: Promise<T>): Promise<T> => {
    let answer: { readonly value: T } | undefined;
    void asked.then((value) => {
      answer = { value };
    });
    for (let turn = 0; turn < 200 && answer === undefined; turn++) {
      clock.pass(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (answer === undefined) throw new Error("no answer");
    return answer.value;
  };
  return { host, answered, removed };
}

describe("A tick whose hash is that of another payment of this node", () => {
  for (const tag of ["Routing", "InFlight", "Succeeded", "Failed"] as const)
    it(`fails, where that one is ${tag}, and leaves it as it is; the session can be closed`, async () => {
      const { host, answered, removed } = viewer({ tag });
      const request = { site: "http://site", stream: TERMS.stream, budget: msat(100_000n), maxUnpaid: msat(4_000n) };
      const opened = await answered(host.subscribe(request));
      if (!opened.ok) throw new Error(opened.error.detail);
      const key = await answered(host.key(opened.value.id, 1));
      expect(key).to.deep.equal(err({ code: "payment_failed", detail: "the site named the hash of another payment" }));
      expect(removed).to.deep.equal([]);
      expect(host.held()).to.equal(0n);
      const closed = await answered(host.change(opened.value.id, "close"));
      expect(closed.ok && closed.value.state).to.equal("closed");
    });
});
