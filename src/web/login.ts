import { ask, Refused } from "./api.ts";

/**
 * Uses the code of the link that opened this page, if there is one. It stands in the fragment, which browsers send to no
 * server; it is taken out of the address at once, and is good only once anyway.
 *
 * @returns what is wrong with the link; undefined when nothing is, or there is none
 */
export async function useLink(): Promise<string | undefined> {
  // Opened where the page is open already, a link changes the fragment alone.
  addEventListener("hashchange", () => {
    if (location.hash.startsWith("#login=")) location.reload();
  });
  const code = /^#login=(lgn_[\w-]{43})$/.exec(location.hash)?.[1];
  if (code === undefined) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await ask("POST", "/v1/logins", { code });
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.problem.detail;
    throw error;
  }
}
