import { vectorReport } from "./vectors.ts";

/** Mocha root hooks: every run says at its end which vectors it used. */
export const mochaHooks = {
  afterAll(): void {
    console.log(`\n${vectorReport()}`);
  },
};
