import { CliFault, EXIT, usage } from "./exit.ts";

/**
 * The whole id that a person began to type, as tables show it. An id in full is taken as it is and looked up by the daemon.
 * Nothing at all begins every id: a script whose variable is empty must not close the one channel that there is.
 */
export async function wholeId(begun: string, full: RegExp, known: () => Promise<readonly string[]>): Promise<string> {
  const text = begun.replace(/…$/, "");
  if (full.test(text)) return text;
  if (/^(?:[a-z]+_)?$/.test(text)) throw usage("An id is missing.", "write how it begins");
  const fitting = (await known()).filter((id) => id.startsWith(text));
  const [id] = fitting;
  if (id === undefined) throw new CliFault(EXIT.notFound, `Nothing has an id that begins with ${text}.`);
  if (fitting.length > 1) throw usage(`${fitting.length} ids begin with ${text}.`, "write more of it");
  return id;
}
export const NODE_ID = /^0[23][0-9a-f]{64}$/;
export const CHANNEL_ID = /^(?:ch_)?[0-9a-f]{64}$/;
export const HASH_ID = /^(?:inv_|pay_|ks_)?[0-9a-f]{64}$/;
