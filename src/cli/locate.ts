import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CliFault, EXIT, usage } from "./exit.ts";

export interface Whereabouts {
  readonly datadir?: string | undefined;
  /** Whose data folder is meant when none is named. */
  readonly network?: string | undefined;
  readonly url?: string | undefined;
  readonly tokenFile?: string | undefined;
}
export interface Located {
  readonly url: string;
  readonly token: string | undefined;
}
/** The file in a data directory that tells where its daemon serves: written when the daemon starts. */
const API_FILE = "api.json";

/** Where to ask, and with which token: by `--url` and `--token-file`, else by what the daemon left in its data directory. */
export async function locate(where: Whereabouts): Promise<Located> {
  const { url, tokenFile } = where;
  if (url !== undefined && !URL.canParse(url)) throw usage(`${url} is not a URL.`, "write http://host:port");
  if (url !== undefined) return { url, token: tokenFile === undefined ? undefined : await tokenOf(tokenFile) };
  const folder = where.datadir ?? (await defaultDatadir(where.network));
  const found = await apiFile(folder);
  return { url: found.url, token: await tokenOf(tokenFile ?? found.tokenFile) };
}

/** The folder of a daemon that was started without being told one. */
async function defaultDatadir(network: string | undefined): Promise<string> {
  const { dataFolderOf, isDaemonNetwork, NETWORK_DEFAULT, unknownNetwork } = await import("../daemon/networks.ts");
  if (network !== undefined && !isDaemonNetwork(network)) throw usage(unknownNetwork(network).detail);
  return dataFolderOf(network ?? NETWORK_DEFAULT);
}

async function apiFile(folder: string): Promise<{ readonly url: string; readonly tokenFile: string }> {
  const path = join(folder, API_FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new CliFault(
      EXIT.connect,
      `No daemon has served from ${folder}.`,
      "start one, or name its folder by --datadir",
    );
  }
  try {
    const { url, tokenFile } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url === "string" && typeof tokenFile === "string") return { url, tokenFile };
  } catch {
    // Said below, as for any other text.
  }
  throw new CliFault(EXIT.connect, `${path} does not say where the daemon is.`);
}
async function tokenOf(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new CliFault(EXIT.auth, `The token in ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
