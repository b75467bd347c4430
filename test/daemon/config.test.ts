import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadConfig } from "../../src/daemon/config.ts";
import { paramsOf } from "../../src/daemon/networks.ts";

describe("configuration of a daemon", () => {
  let datadir: string;
  beforeEach(() => {
    datadir = mkdtempSync(join(tmpdir(), "sluice-config-"));
  });
  afterEach(() => rmSync(datadir, { recursive: true, force: true }));
  const file = (text: string): void => writeFileSync(join(datadir, "config.toml"), text);
  const load = (flags: readonly string[] = [], env: Record<string, string> = {}) =>
    loadConfig(["--datadir", datadir, ...flags], env);
  /** What is wrong, as `code: sentence`. */
  const faults = (...given: Parameters<typeof load>): string[] => {
    const loaded = load(...given);
    return loaded.ok ? [] : loaded.error.map(({ code, detail }) => `${code}: ${detail}`);
  };

  it("has defaults for everything, play money first", () => {
    const loaded = load();
    expect(loaded.ok && loaded.value.config).to.deep.equal({
      network: "regtest",
      realMoney: "",
      datadir,
      alias: "sluice",
      signer: "",
      apiPort: 9737,
      peerPort: 9735,
      chain: "embedded",
      chainPort: 18_444,
      bitcoindUrl: "http://127.0.0.1:18443",
      bitcoindCookie: "",
      bitcoinRpcPort: 0,
      bitcoinZmqPort: 0,
      chainPeers: [],
      filters: true,
      prune: 0,
      segwitHeight: 0,
      sequenceReplacement: false,
      feeBaseMsat: 0,
      feePpm: 1_000,
      cltvExpiryDelta: 80,
      acceptKeysend: false,
      keysendTypes: [],
      staticRemotekey: false,
      zeroConfPeers: [],
      zeroConfMaxSat: 1_000_000,
      minChannelSat: 20_000,
      maxChannelSat: 1_000_000_000,
      maxReservePpm: 100_000,
      channelsPerPeer: 50,
      openingsPerPeer: 4,
      openings: 200,
      closeAddress: "",
      closeBlocks: 288,
      contributionSat: 0,
      requireConfirmedInputs: false,
    });
  });

  it("prefers flags to environment, environment to file and file to defaults, and says where each value came from", () => {
    file('alias = "from file"\napi-port = 1\npeer-port = 2\n');
    const loaded = load(["--api-port", "3"], { SLUICE_API_PORT: "4", SLUICE_PEER_PORT: "5" });
    expect(loaded.ok && loaded.value.config).to.deep.include({ alias: "from file", apiPort: 3, peerPort: 5 });
    expect(loaded.ok && loaded.value.origins).to.deep.include({
      datadir: "flag",
      alias: "file",
      apiPort: "flag",
      peerPort: "environment",
      chainPort: "default",
    });
  });

  it("takes several peers from repeated flags, a list in the environment or an array in the file", () => {
    const peers = ["127.0.0.1:1", "localhost:2"];
    const chainPeersOf = (loaded: ReturnType<typeof load>) => loaded.ok && loaded.value.config.chainPeers;
    expect(chainPeersOf(load(peers.flatMap((peer) => ["--chain-peer", peer])))).to.deep.equal(peers);
    expect(chainPeersOf(load([], { SLUICE_CHAIN_PEERS: peers.join(",") }))).to.deep.equal(peers);
    file(`chain-peers = ${JSON.stringify(peers)}`);
    expect(chainPeersOf(load())).to.deep.equal(peers);
  });

  it("finds the data directory of the environment, and reads the file there", () => {
    file('alias = "there"');
    const loaded = loadConfig([], { SLUICE_DATADIR: datadir });
    expect(loaded.ok && loaded.value.config).to.deep.include({ datadir, alias: "there" });
  });

  it("refuses an unknown key wherever it stands, with its place and what may have been meant", () => {
    expect(faults(["--api-prot", "1"])).to.deep.equal([
      "unknown_key: Unknown setting --api-prot on the command line. Did you mean --api-port?",
    ]);
    expect(faults([], { SLUICE_ALAIS: "x" })).to.deep.equal([
      "unknown_key: Unknown setting SLUICE_ALAIS in the environment. Did you mean SLUICE_ALIAS?",
    ]);
    file('alias = "x"\n\napi_port = 1\n');
    expect(faults()).to.deep.equal([
      `unknown_key: Unknown setting api_port in ${datadir}/config.toml, line 3. Did you mean api-port?`,
    ]);
    file('[watchtower]\nurl = "x"\n');
    expect(faults()).to.deep.equal([`unknown_key: Unknown setting watchtower in ${datadir}/config.toml, line 1.`]);
  });

  for (const [flags, sentence] of [
    [["--api-port", "http"], "--api-port must be a port."],
    [["--api-port", "65536"], "--api-port must be a port."],
    [["--api-port", "-1"], "--api-port must be a port."],
    [["--api-port", "1.5"], "--api-port must be a port."],
    [["--chain-peer", "localhost"], "--chain-peer must be host:port."],
    [["--alias", "x".repeat(33)], "--alias must have at most 32 bytes of UTF-8."],
    [["--alias", "ä".repeat(17)], "--alias must have at most 32 bytes of UTF-8."],
    [["--alias"], "--alias needs a value."],
    [["--signer", "/a/socket"], "--signer must be unix:/path."],
    [["--signer", "unix:socket"], "--signer must be unix:/path."],
    [["--chain", "bitcoin"], "--chain must be embedded, compact or bitcoind."],
    [["--chain", "compact"], "--chain needs a Bitcoin node that serves filters: give --chain-peer."],
    [["--segwit-height", "-1"], "--segwit-height must be a height."],
    [["--prune", "-1"], "--prune must be a whole number."],
    [["--network", "sluicenet", "--prune", "549"], "--prune must be 0 or at least 550."],
    [["--network", "sluicenet", "--segwit-height", "432"], "--segwit-height is for regtest alone."],
    [
      ["--close-address", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"],
      "--close-address must be an address of regtest.",
    ],
    [["--zero-conf-peers", "02ab"], "--zero-conf-peers must be node ids of 66 hex digits."],
    [["--keysend-types", "65535"], "--keysend-types must be types of records, even and from 65536 on."],
    [["--keysend-types", "818819"], "--keysend-types must be types of records, even and from 65536 on."],
    [["--keysend-types", "x"], "--keysend-types must be types of records, even and from 65536 on."],
    [["--keysend-types", "18446744073709551616"], "--keysend-types must be types of records, even and from 65536 on."],
    [["--keysend-types", "5482373484"], "--keysend-types must be types of records, even and from 65536 on."],
    [["--keysend-types", "818818"], "--keysend-types is for a node with --accept-keysend true."],
    [["--min-channel-sat", "3", "--max-channel-sat", "2"], "--min-channel-sat must be at most --max-channel-sat."],
    [["--max-channel-sat", "2100000000000001"], "--max-channel-sat is more than there is."],
    [["--channels-per-peer", "0"], "--channels-per-peer must be at least 1."],
    [["--sequence-replacement", "true"], "--sequence-replacement is for sluicenet alone."],
  ] as const)
    it(`refuses ${flags.join(" ")}`, () => {
      expect(faults(flags)).to.deep.equal([`bad_value: ${sentence}`]);
    });

  it("follows regtest with witnesses from its first block, or from the height that is asked for", () => {
    const segwitOf = (...flags: readonly string[]): number | undefined => {
      const loaded = load(flags);
      return loaded.ok ? paramsOf(loaded.value.config).activation.segwit : undefined;
    };
    expect([segwitOf(), segwitOf("--segwit-height", "432")]).to.deep.equal([0, 432]);
  });

  it("lets what is not final wait on sluicenet, unless told otherwise", () => {
    const waits = (...flags: readonly string[]): boolean | undefined => {
      const loaded = load(["--network", "sluicenet", ...flags]);
      return loaded.ok ? loaded.value.config.sequenceReplacement : undefined;
    };
    expect([waits(), waits("--sequence-replacement", "false")]).to.deep.equal([true, false]);
  });

  it("follows another Bitcoin node only with its cookie, and without what is for the bundled one", () => {
    const cookie = ["--chain", "bitcoind", "--bitcoind-cookie", "/tmp/.cookie"];
    expect(load(cookie).ok).to.equal(true);
    const faults = (flags: readonly string[]): number => {
      const loaded = load([...flags]);
      return loaded.ok ? 0 : loaded.error.length;
    };
    expect(faults(["--chain", "bitcoind"])).to.equal(1);
    const ofBundled = ["--bitcoin-rpc-port", "18443", "--bitcoin-zmq-port", "28332", "--chain-peer", "a:1"];
    expect(faults([...cookie, ...ofBundled])).to.equal(3);
    expect(faults(["--chain", "electrum"])).to.equal(1);
    expect(faults([...cookie, "--bitcoind-url", "https://a"])).to.equal(1);
  });

  it("names every wrong value at once, with its place", () => {
    file('api-port = "x"\n');
    expect(faults([], { SLUICE_PEER_PORT: "y" })).to.deep.equal([
      "bad_value: api-port in config.toml must be a port.",
      "bad_value: SLUICE_PEER_PORT must be a port.",
    ]);
  });

  it("refuses a file that is not TOML, with line and column, or that cannot be read", () => {
    file("alias = \n");
    expect(faults()).to.have.length(1);
    expect(faults()[0]).to.match(/^bad_file: .*config\.toml is not TOML: line \d+, column \d+\.$/);
    rmSync(join(datadir, "config.toml"));
    // A folder is no file to anybody, not even to root.
    mkdirSync(join(datadir, "config.toml"));
    expect(faults()[0]).to.match(/^unreadable_file: .*config\.toml cannot be read: EISDIR/);
  });

  it("takes sluicenet, with a data folder and a port of its own unless others are given", () => {
    const config = (loaded: ReturnType<typeof loadConfig>) => loaded.ok && loaded.value.config;
    const own = { network: "sluicenet", chainPort: 28_444 };
    const folder = join(homedir(), ".local", "share", "sluice", "sluicenet");
    expect(config(loadConfig(["--network", "sluicenet"], {}))).to.deep.include({ ...own, datadir: folder });
    expect(config(loadConfig([], { SLUICE_NETWORK: "sluicenet" }))).to.deep.include({ ...own, datadir: folder });
    file('network = "sluicenet"');
    expect(config(load())).to.deep.include({ ...own, datadir });
    expect(config(load(["--chain-port", "5"]))).to.deep.include({ ...own, chainPort: 5 });
    expect(config(load(["--network", "regtest"]))).to.deep.include({ network: "regtest", chainPort: 18_444 });
  });

  it("refuses a network that there is not, or that is going away", () => {
    const others = "Use regtest, sluicenet, signet, testnet4 or mainnet.";
    for (const name of ["sluice", "toString"])
      expect(faults(["--network", name])).to.deep.equal([
        `network_not_supported: there is no network ${name}. ${others}`,
      ]);
    expect(faults(["--network", "testnet3"])).to.deep.equal([
      `network_not_supported: network testnet3 is not supported. ${others}`,
    ]);
  });

  it("takes signet and testnet4, with the folder and the ports that are theirs", () => {
    for (const [network, chainPort, rpc] of [
      ["signet", 38_333, 38_332],
      ["testnet4", 48_333, 48_332],
    ] as const) {
      const loaded = loadConfig(["--network", network], {});
      const folder = join(homedir(), ".local", "share", "sluice", network);
      const bitcoindUrl = `http://127.0.0.1:${rpc}`;
      expect(loaded.ok && loaded.value.config).to.deep.include({ network, chainPort, bitcoindUrl, datadir: folder });
    }
  });

  it("starts on mainnet only for who writes that real money can be lost", () => {
    const why =
      /^network_not_supported: on network mainnet real money can be lost.*give --real-money "I understand"\.$/;
    for (const flags of [[], ["--real-money", "yes"]]) {
      const said = faults(["--network", "mainnet", ...flags]);
      expect(said).to.have.lengthOf(1);
      expect(said[0]).to.match(why);
    }
    const loaded = load(["--network", "mainnet"], { SLUICE_REAL_MONEY: "I understand" });
    expect(loaded.ok && loaded.value.config).to.include({ network: "mainnet", chainPort: 8_333, bitcoinRpcPort: 0 });
  });

  it("needs no peers for a light client where strangers can be asked, and some where nobody else is", () => {
    const light = (network: string) => faults(["--network", network, "--chain", "compact"]);
    expect([light("signet"), light("testnet4")]).to.deep.equal([[], []]);
    expect(light("sluicenet")).to.deep.equal([
      "bad_value: --chain needs a Bitcoin node that serves filters: give --chain-peer.",
    ]);
  });
});
