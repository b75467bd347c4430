import { expect } from "chai";
import { closedAfterEach, fakeDaemon, page, problem, run } from "./daemon.ts";
import { channel, info, invoice, subscription } from "./samples.ts";

describe("the command line", () => {
  const against = closedAfterEach();

  describe("what it answers", () => {
    it("gives a pipe the API's JSON on one line", async () => {
      const { run } = await against({ "GET /v1/info": { body: info } });
      expect(await run(["info"])).to.deep.equal({ exit: 0, out: `${JSON.stringify(info)}\n`, err: "", started: [] });
    });

    it("gives a terminal lines for people, and JSON with --json", async () => {
      const { run } = await against({ "GET /v1/info": { body: info } });
      const { out } = await run(["info"], { terminal: true });
      expect(out).to.match(/^id {13}02abab[0-9a-f]+\nalias {10}alice\n/);
      expect(out).to.include("height         1,234\n");
      expect((await run(["info", "--json"], { terminal: true })).out).to.equal(`${JSON.stringify(info)}\n`);
    });

    it("reads a list to its end, page by page", async () => {
      const { run } = await against({
        "GET /v1/invoices?limit=500": page([invoice], "a b"),
        "GET /v1/invoices?limit=500&after=a%20b": page([{ ...invoice, id: "inv_2" }]),
      });
      const { out } = await run(["invoice", "list"]);
      expect((JSON.parse(out) as { id: string }[]).map(({ id }) => id)).to.deep.equal([invoice.id, "inv_2"]);
    });

    it("shows no control character of others on a terminal", async () => {
      const { run } = await against({ "GET /v1/info": { body: { ...info, alias: "\u001b[2Jbob\u202e" } } });
      expect((await run(["info"], { terminal: true })).out).to.include("alias          ?[2Jbob?\n");
    });
  });

  describe("what it does when it is refused", () => {
    const refused = [
      { problem: problem(400, "BAD_REQUEST", "Wrong."), exit: 2 },
      { problem: problem(401, "UNAUTHORIZED", "No."), exit: 4 },
      { problem: problem(403, "RESTRICTED", "No."), exit: 4 },
      { problem: problem(404, "NOT_FOUND", "None."), exit: 5 },
      { problem: problem(409, "NO_ROUTE", "No way."), exit: 6 },
      { problem: problem(409, "INSUFFICIENT_BALANCE", "Too little."), exit: 6 },
      { problem: problem(503, "CHAIN_NOT_SYNCED", "Wait."), exit: 7 },
      { problem: problem(500, "INTERNAL", "Oh."), exit: 1 },
      { problem: problem(409, "OF_A_NEWER_DAEMON", "Hm."), exit: 1 },
    ];
    for (const { problem: canned, exit } of refused) {
      const { code } = canned.body as { code: string };
      it(`ends with ${exit} on ${code}, the problem document on stderr as it came`, async () => {
        const { run } = await against({ "GET /v1/balance": canned });
        expect(await run(["balance"])).to.deep.equal({
          exit,
          out: "",
          err: `${JSON.stringify(canned.body)}\n`,
          started: [],
        });
      });
    }

    it("ends with 4 on a bare 401, as a proxy sends it", async () => {
      const { run } = await against({ "GET /v1/balance": { status: 401, body: "no" } });
      expect((await run(["balance"])).exit).to.equal(4);
    });

    it("tells people in words, with the fields at fault and what to do", async () => {
      const errors = [{ pointer: "/address", detail: "must be a Bitcoin address" }];
      const { run } = await against({
        "POST /v1/wallet/sends": problem(400, "BAD_REQUEST", "Wrong.", { errors, hint: "look" }),
      });
      const { err, exit } = await run(["wallet", "send", "x", "5"], { terminal: true });
      expect({ err, exit }).to.deep.equal({
        err: "Refused: Wrong.\n  /address must be a Bitcoin address\n  hint: look\n",
        exit: 2,
      });
    });

    it("says to people once what is wrong with a field, and amounts as they read them", async () => {
      const detail = "needs 1000034686 sat, from 20000 to 1000000000 sat, 2500msat";
      const errors = [{ pointer: "/amountSat", detail }];
      const { run } = await against({
        "POST /v1/wallet/sends": problem(409, "INSUFFICIENT_BALANCE", detail, { errors }),
      });
      const people = "needs 1,000,034,686 sat, from 20,000 to 1,000,000,000 sat, 2500msat";
      expect((await run(["wallet", "send", "x", "5"], { terminal: true })).err).to.equal(
        `Refused: ${people}\n  /amountSat\n`,
      );
      expect(JSON.parse((await run(["wallet", "send", "x", "5"])).err)).to.include({ detail });
    });

    it("ends with 3 when nothing was started in the folder", async () => {
      const { err, exit } = await run(["info", "--datadir", "/nowhere"]);
      expect(exit).to.equal(3);
      expect(JSON.parse(err)).to.deep.equal({
        type: "urn:sluice:problem:unreachable",
        title: "No daemon",
        detail: "No daemon has served from /nowhere.",
        code: "UNREACHABLE",
        hint: "start one, or name its folder by --datadir",
      });
    });

    it("looks in the folder of the network that the environment names, and refuses one that there is not", async () => {
      const home = process.env["HOME"];
      process.env["HOME"] = "/nowhere";
      const asked = (network: string) => run(["info"], { env: { SLUICE_NETWORK: network } });
      const [ours, nobodys] = [await asked("sluicenet"), await asked("moonnet")];
      process.env["HOME"] = home;
      const detail = ({ err }: { readonly err: string }) => (JSON.parse(err) as { detail: string }).detail;
      expect([ours.exit, detail(ours)]).to.deep.equal([
        3,
        "No daemon has served from /nowhere/.local/share/sluice/sluicenet.",
      ]);
      expect([nobodys.exit, detail(nobodys)]).to.deep.equal([
        2,
        "there is no network moonnet. Use regtest, sluicenet, signet, testnet4 or mainnet.",
      ]);
    });

    it("ends with 3 when the daemon is gone", async () => {
      const { url, close } = await fakeDaemon();
      await close();
      const { err, exit } = await run(["info", "--url", url]);
      expect(exit).to.equal(3);
      expect(JSON.parse(err)).to.include({
        code: "UNREACHABLE",
        detail: `No daemon answers at ${url} (ECONNREFUSED).`,
      });
    });

    it("ends with 3 when something else answers there", async () => {
      const { run } = await against({ "GET /v1/info": { body: new TextEncoder().encode("<html>") } });
      expect((await run(["info"])).exit).to.equal(3);
    });

    it("ends with 4 when the token cannot be read", async () => {
      const { run } = await against({ "GET /v1/info": { body: info } });
      const { exit, err } = await run(["info", "--token-file", "/nowhere/a.token"]);
      expect(exit).to.equal(4);
      expect(JSON.parse(err)).to.include({ detail: "The token in /nowhere/a.token cannot be read (ENOENT)." });
    });

    it("ends with 7 after `status` of a node that is catching up, having shown it", async () => {
      const { run } = await against({ "GET /v1/info": { body: { ...info, synced: false } } });
      const { exit, out } = await run(["status"]);
      expect({ exit, out: JSON.parse(out) }).to.deep.equal({
        exit: 7,
        out: { running: true, synced: false, height: 1234, peers: 2, channels: info.channels },
      });
    });
  });

  describe("what it refuses itself", () => {
    for (const [words, detail] of [
      [["channel", "clos"], "unknown command 'clos' (Did you mean close?)"],
      [["channel"], "A command is missing."],
      [["info", "--nonsense"], "unknown option '--nonsense'"],
      [["wallet", "send", "x"], "missing required argument 'amount'"],
      [["wallet", "send", "x", "5msat"], "5msat is not an amount of whole satoshis."],
      [["wallet", "send", "x", "5.5"], "5.5 is not an amount of whole satoshis."],
      [["chain", "mine", "all"], "all is not a whole number."],
      [["chain", "mine"], "Give a number of blocks, or --every, or --stop."],
      [["chain", "mine", "3", "--stop"], "Give a number of blocks, or --every, or --stop."],
      [["chain", "mine", "--every", "soon"], "soon is not a whole number."],
      [["info", "--url", "here"], "here is not a URL."],
    ] as const) {
      it(`\`${words.join(" ")}\` with exit code 2 and nothing asked`, async () => {
        const fake = await against({});
        const { exit, err } = await fake.run(words);
        expect({ exit, detail: (JSON.parse(err) as { detail: string }).detail }).to.deep.equal({ exit: 2, detail });
        expect(fake.asked).to.deep.equal([]);
      });
    }
  });

  describe("how it asks", () => {
    it("authorises by the token that the daemon left, or by another", async () => {
      const fake = await against({ "GET /v1/info": { body: info } });
      await fake.run(["info"]);
      await run(["info", "--url", fake.url]);
      await run(["info"], { env: { SLUICE_DATADIR: fake.datadir } });
      expect(fake.asked.map(({ headers }) => headers.authorization)).to.deep.equal([
        "Bearer slc_test_secret",
        undefined,
        "Bearer slc_test_secret",
      ]);
    });

    it("gives every POST an idempotency key of its own, or the one it was told", async () => {
      const fake = await against({ "POST /v1/wallet/addresses": { body: { address: "a" } } });
      await fake.run(["wallet", "address"]);
      await fake.run(["wallet", "address"]);
      await fake.run(["wallet", "address", "--idempotency-key", "mine"]);
      const [first, second, third] = fake.asked.map(({ headers }) => headers["idempotency-key"]);
      expect(first).to.match(/^[0-9a-f-]{36}$/);
      expect(second)
        .to.match(/^[0-9a-f-]{36}$/)
        .and.not.equal(first);
      expect(third).to.equal("mine");
    });

    it("gives each POST after the first a key that follows from the one it was told, and what only asks none", async () => {
      const fake = await against({
        "POST /v1/subscriptions": { status: 201, body: subscription },
        "POST /v1/subscriptions/ses_1/close": { body: subscription },
        "GET /v1/subscriptions/ses_1/receipt": { body: {} },
        "POST /v1/decode": { body: { kind: "address", address: "a", network: "regtest" } },
      });
      const watch = ["stream", "watch", "http://127.0.0.1:1", "str_1", "--units", "0", "--idempotency-key", "mine"];
      for (const words of [watch, watch, ["decode", "a"]]) await fake.run(words);
      const posted = fake.asked.filter(({ what }) => what.startsWith("POST"));
      expect(posted.map(({ headers }) => headers["idempotency-key"])).to.deep.equal([
        "mine",
        "mine.2",
        "mine",
        "mine.2",
        undefined,
      ]);
    });

    it("asks nothing that changes something with --dry-run, and says what it would have asked", async () => {
      const fake = await against({});
      const { out, exit } = await fake.run(["wallet", "send", "x", "5", "--dry-run"]);
      expect({ exit, out: JSON.parse(out) }).to.deep.equal({
        exit: 0,
        out: { dryRun: { method: "POST", path: "/v1/wallet/sends", body: { address: "x", amountSat: "5" } } },
      });
      await fake.run(["peer", "rm", channel.peer, "--dry-run"]);
      expect(fake.asked).to.deep.equal([]);
    });

    it("neither sends nor shows a private key that stands in a descriptor", async () => {
      const fake = await against({});
      const key = `cV${"1".repeat(50)}`;
      const { out, err, exit } = await fake.run(["wallet", "watch", "add", `wpkh(${key})`, "--dry-run"]);
      expect({ exit, asked: fake.asked }).to.deep.equal({ exit: 2, asked: [] });
      expect(out + err).not.to.include(key);
    });

    it("finds the id that begins with what was typed, and refuses one that fits twice or never", async () => {
      const other = { ...channel, id: "ch_cdef" };
      const fake = await against({
        "GET /v1/channels?limit=500": page([channel, other]),
        [`GET /v1/channels/${channel.id}`]: { body: channel },
      });
      expect((await fake.run(["channel", "show", "ch_cdcd…"])).exit).to.equal(0);
      expect((await fake.run(["channel", "show", "ch_cd"])).exit).to.equal(2);
      expect((await fake.run(["channel", "show", "ch_ff"])).exit).to.equal(5);
    });

    it("takes nothing for no id, though every id begins with it", async () => {
      const fake = await against({
        "GET /v1/channels?limit=500": page([channel]),
        "GET /v1/peers?limit=500": page([]),
      });
      for (const words of [
        ["channel", "close", "", "--force"],
        ["channel", "close", "ch_"],
        ["channel", "open", "…", "1000000"],
        ["channel", "open-batch", "=1000000", "=2000000"],
      ]) {
        const { exit, err } = await fake.run(words);
        expect({ exit, detail: (JSON.parse(err) as { detail: string }).detail }).to.deep.equal({
          exit: 2,
          detail: "An id is missing.",
        });
      }
      expect(fake.asked.filter(({ what }) => what.startsWith("POST"))).to.deep.equal([]);
    });
  });
});
