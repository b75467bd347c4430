import { err, ok, type Result } from "../../base/result.ts";
import { scriptOfAddress } from "../../bitcoin/address.ts";
import type { CommandFault } from "../command-fault.ts";
import type { NodeCommands } from "../commands.ts";
import { answeredAfter } from "../context.ts";
import type { Hosts } from "../hosts.ts";
import { dustFault, unspendableCoin } from "./faults.ts";
import { hasRoom, type Psbt, type PsbtInput, parsePsbt } from "./psbt.ts";
import { spendingsOf } from "./psbt-check.ts";
import { combinePsbts } from "./psbt-combine.ts";
import { type PsbtFault, psbtFault } from "./psbt-fault.ts";
import { finalizePsbt, sendPsbt } from "./psbt-finish.ts";
import { createPsbt, releasePsbt, signPsbt } from "./psbt-sign.ts";
import { type PsbtRequest, type PsbtView, viewOf } from "./psbt-view.ts";
import { typeOfScript } from "./scripts.ts";
import { namedCoins } from "./spend.ts";

type PsbtCommands = Pick<
  NodeCommands,
  "combinePsbts" | "createPsbt" | "finalizePsbt" | "releasePsbt" | "sendPsbt" | "showPsbt" | "signPsbt"
>;
type Answer<T> = Result<T, CommandFault>;

/** Transactions that others sign too. */
export function psbtCommands(hosts: Hosts): PsbtCommands {
  const { ctx, wallet } = hosts;
  const inTurn = answeredAfter(ctx);
  const read = <T>(text: string, then: (psbt: Psbt) => T): T | Answer<never> => {
    const psbt = parsePsbt(text);
    return psbt.ok ? then(psbt.value) : refused(psbt.error);
  };
  const shown = (psbt: Psbt): Answer<PsbtView> => {
    const state = wallet.state();
    const spendings = spendingsOf(state, psbt);
    return spendings.ok ? ok(viewOf(state, ctx.params, psbt, spendings.value)) : refused(spendings.error);
  };
  return {
    createPsbt: async (request) => {
      const made = await inTurn((turn) => create(hosts, turn, request));
      return made.ok ? shown(await withParents(hosts, made.value)) : made;
    },
    showPsbt: (text) => read(text, shown),
    signPsbt: ({ psbt: text, anyFee = false }) =>
      inTurn((turn) =>
        read(text, (psbt) => {
          const signed = wallet.psbt(turn, anyFee, (state, limits, keys) => signPsbt(state, keys, psbt, limits));
          return signed.ok ? shown(signed.value.psbt) : signed;
        }),
      ),
    combinePsbts: (texts) => {
      const read = texts.map(parsePsbt);
      const psbts: Psbt[] = [];
      for (const one of read) {
        if (!one.ok) return refused(one.error);
        psbts.push(one.value);
      }
      const [first, ...more] = psbts;
      const combined = first === undefined ? err({ code: "malformed" as const }) : combinePsbts([first, ...more]);
      return combined.ok ? shown(combined.value) : refused(combined.error);
    },
    finalizePsbt: (text) =>
      read(text, (psbt) => {
        const finished = finalizePsbt(wallet.state(), psbt);
        return finished.ok ? shown(finished.value.psbt) : refused(finished.error);
      }),
    sendPsbt: ({ psbt: text, anyFee = false }) =>
      inTurn((turn) =>
        read(text, (psbt) => {
          const sent = wallet.psbt(turn, anyFee, (state, { most }) => sendPsbt(state, psbt, most));
          return sent.ok ? ok({ txid: sent.value.sent }) : sent;
        }),
      ),
    releasePsbt: (txid) =>
      inTurn((turn) => {
        const released = wallet.psbt(turn, true, (state) => releasePsbt(state, txid));
        return released.ok ? ok({ txid }) : released;
      }),
  };
}
const refused = (fault: PsbtFault): Answer<never> => err(psbtFault(fault));

function create(
  { ctx, wallet }: Hosts,
  turn: Parameters<Hosts["wallet"]["psbt"]>[0],
  { address, amount, feerate = wallet.feerate(), coins, anyFee = false }: PsbtRequest,
): Answer<Psbt> {
  const script = scriptOfAddress(address, ctx.params);
  if (!script.ok) {
    return err({ code: "bad_request", detail: `not an address of ${ctx.params.network}`, pointer: "/address" });
  }
  const named = coins === undefined ? undefined : namedCoins(wallet.state(), coins);
  if (named !== undefined && !named.ok) return err(unspendableCoin(named.error));
  const output = { amount, script: script.value };
  const dust = dustFault(output);
  if (dust !== undefined) return err(dust);
  const payment = { output, feerate, ...(named && { from: named.value }) };
  const made = wallet.psbt(turn, anyFee, (state, limits, keys) => createPsbt(state, keys, payment, limits));
  return made.ok ? ok(made.value.psbt) : made;
}

/**
 * With the transactions that its inputs of segwit version 0 come from, whose signatures do not say what the others spend:
 * a signer that knows nothing else can check them against it. Left out where the Bitcoin node does not know them, or where
 * they would make it too large.
 */
async function withParents({ ctx: { chain } }: Hosts, psbt: Psbt): Promise<Psbt> {
  const inputs = await Promise.all(
    psbt.inputs.map(async (input, at): Promise<PsbtInput> => {
      const prevout = psbt.tx.inputs[at]?.prevout;
      const script = input.witnessUtxo?.script;
      if (prevout === undefined || script === undefined || typeOfScript(script) !== "p2wpkh") return input;
      const found = await chain.transaction(prevout.txid);
      return { ...input, parent: found.ok ? found.value?.tx : undefined };
    }),
  );
  const told = { ...psbt, inputs };
  return hasRoom(told, 1 / 2) ? told : psbt;
}
