import { signerContract, WORDS } from "../../contract/signer.ts";
import { elsewhere, startSigners } from "../../support/signers.ts";

signerContract("in another process, over a socket", async () => {
  await startSigners();
  const home = elsewhere({ tag: "words", words: WORDS });
  return { open: async () => home.open(), dispose: async () => home.leave() };
});
