import type { Config } from "./config.ts";

/** How a setting is called in `config.toml`. */
export const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
/** How it is called on the command line: what may be given several times, by what one of them is. */
export const flagOf = (key: keyof Config): string => (key === "chainPeers" ? "--chain-peer" : `--${kebab(key)}`);
