import { parentPort } from "node:worker_threads";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { signedDigests } from "./verify-threads.ts";

/** A thread that does nothing but verify signatures, as many as it is told. */
const samples = signedDigests();
parentPort?.on("message", (count: number) => {
  for (let done = 0; done < count; done++) {
    const { signature, digest, point } = samples[done % samples.length] as (typeof samples)[0];
    if (!secp256k1.verify(signature, digest, point)) throw new Error("verify");
  }
  parentPort?.postMessage(count);
});
