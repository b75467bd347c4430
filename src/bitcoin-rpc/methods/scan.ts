import { toHex } from "../../base/bytes.ts";
import type { Outpoint } from "../../base/ids.ts";
import { isRanged } from "../../bitcoin/descriptor.ts";
import { DESCRIPTOR_FAULTS } from "../../bitcoin/descriptor-fault.ts";
import { parseDescriptor } from "../../bitcoin/descriptor-parse.ts";
import { scriptOf } from "../../bitcoin/descriptor-script.ts";
import type { Coin } from "../../chain/coins.ts";
import { ancestorAt } from "../../chain/headers.ts";
import { refuse } from "../fault.ts";
import { coins, type Json } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import { list, optional, text } from "../params.ts";
import { descriptorOf } from "../views/script.ts";

/** Policy, not protocol: of one call. The last number of a row is Bitcoin Core's where none is given. */
const OBJECTS_MAX = 100;
const RANGE_END = 1_000;
const SCRIPTS_MAX = 20_000;
const FOUND_MAX = 50_000;
/** Coins that are looked at, and keys that are derived, before everything else has its turn. */
const SLICE = 2_000;
const KEYS_SLICE = 20;
/** A block that comes while coins are gone through makes what was found worthless: then it begins anew. */
const ATTEMPTS = 10;

/** One that is under way. */
export interface Scan {
  isAborted: boolean;
  seen: number;
}

/** The scripts that are meant by text, or by `{desc, range}` with the last number of a row or the first and the last. */
async function scriptsOf(
  { node, derive, gone }: RpcContext,
  scan: Scan,
  objects: readonly unknown[],
): Promise<ReadonlySet<string>> {
  if (objects.length > OBJECTS_MAX) return refuse("parameter", `At most ${OBJECTS_MAX} scan objects`);
  const scripts = new Set<string>();
  for (const each of objects) {
    const { desc, range = RANGE_END } = objectOf(each);
    const parsed = parseDescriptor(desc, node.brain.chain.params);
    if (!parsed.ok) return refuse("notFound", `${desc.slice(0, 100)}: ${DESCRIPTOR_FAULTS[parsed.error.code]}`);
    const [first, last] = isRanged(parsed.value) ? rangeOf(range) : [0, 0];
    if (scripts.size + last - first + 1 > SCRIPTS_MAX) return refuse("parameter", `At most ${SCRIPTS_MAX} scripts`);
    const key = derive();
    for (let index = first; index <= last && !scan.isAborted && !gone.aborted; index++) {
      scripts.add(toHex(scriptOf(parsed.value, index, key)));
      if (index % KEYS_SLICE === KEYS_SLICE - 1) await breath();
    }
  }
  return scripts;
}
/** Lets everything else have its turn. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
function objectOf(given: unknown): { readonly desc: string; readonly range?: unknown } {
  if (typeof given === "string") return { desc: given };
  const { desc, range } = (given ?? {}) as { readonly desc?: unknown; readonly range?: unknown };
  if (typeof desc !== "string") return refuse("parameter", "Scan object needs to be either a string or an object");
  return range === undefined ? { desc } : { desc, range };
}
function rangeOf(given: unknown): readonly [number, number] {
  const [first, last] = Array.isArray(given) ? given : [0, given];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) {
    return refuse("parameter", "Range must be specified as end or as [begin,end]");
  }
  if (first < 0) return refuse("parameter", "Range should be greater or equal than 0");
  if (last < first) return refuse("parameter", "Range specified as [begin,end] must not have begin after end");
  return last >= 2 ** 31 ? refuse("parameter", "End of range is too high") : [first, last];
}

type Found = readonly [Outpoint, Coin];
/** All coins with these scripts, once, as they are after one block; undefined when it was aborted. */
async function scanOnce({ node, gone }: RpcContext, scan: Scan, scripts: ReadonlySet<string>) {
  await node.settled();
  const { hash } = node.tip();
  const found: Found[] = [];
  scan.seen = 0;
  if (scan.isAborted || gone.aborted) return undefined;
  let looked = 0;
  for (const coins of node.files.coinsOfEachTx()) {
    scan.seen += coins.length;
    looked += 1 + coins.length;
    if (looked >= SLICE) {
      looked = 0;
      await breath();
      if (scan.isAborted || gone.aborted) return undefined;
      if (node.tip().hash !== hash) return "moved";
    }
    found.push(...coins.filter(([, { output }]) => scripts.has(toHex(output.script))));
    if (found.length > FOUND_MAX) return refuse("misc", `More than ${FOUND_MAX} unspent outputs`);
  }
  return found;
}

function unspentJson({ node }: RpcContext, [{ txid, vout }, { output, coinbase, height }]: Found): Json {
  const { tip, params } = node.brain.chain;
  return {
    txid,
    vout,
    scriptPubKey: toHex(output.script),
    desc: descriptorOf(output.script, params),
    amount: coins(output.amount),
    coinbase,
    height,
    blockhash: ancestorAt(tip, height)?.hash,
    confirmations: tip.height - height + 1,
  };
}

async function start(context: RpcContext, scan: Scan, scripts: ReadonlySet<string>): Promise<Json> {
  const { node } = context;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const found = await scanOnce(context, scan, scripts);
    if (found === "moved") continue;
    const { height, hash } = node.tip();
    const unspents = (found ?? []).map((each) => unspentJson(context, each));
    const total = (found ?? []).reduce((sum, [, { output }]) => sum + output.amount, 0n);
    return {
      success: found !== undefined,
      txouts: scan.seen,
      height,
      bestblock: hash,
      unspents,
      total_amount: coins(total),
    };
  }
  return refuse("misc", "Blocks come faster than the coins can be gone through");
}

export const scanMethods = [
  method(
    "scantxoutset",
    "Looks for unspent outputs by descriptors (start), tells how far that has come (status), or ends it (abort).",
    { action: text, scanobjects: optional(list) },
    async (context, { action, scanobjects }) => {
      const { underWay, node } = context;
      const { scan } = underWay;
      if (action === "status") {
        if (scan === undefined) return null;
        const { count } = node.brain.chain.storage.totals();
        return { progress: Math.min(100, Math.floor((scan.seen * 100) / Math.max(count, 1))) };
      }
      if (action === "abort") {
        if (scan !== undefined) scan.isAborted = true;
        return scan !== undefined;
      }
      if (action !== "start") return refuse("parameter", `Invalid action '${action.slice(0, 100)}'`);
      if (scan !== undefined) return refuse("parameter", 'Scan already in progress, use action "abort" or "status"');
      if (scanobjects === undefined) return refuse("misc", "scanobjects argument is required for the start action");
      const begun: Scan = { isAborted: false, seen: 0 };
      underWay.scan = begun;
      try {
        return await start(context, begun, await scriptsOf(context, begun, scanobjects));
      } finally {
        underWay.scan = undefined;
      }
    },
  ),
];
