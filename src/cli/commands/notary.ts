import { existsSync } from "node:fs";
import { toHex } from "../../base/bytes.ts";
import { present } from "../../base/result.ts";
import { gatherDocuments, isStamped } from "../../chain/notary.ts";
import { checkProof } from "../../chain/spv.ts";
import { wholeOf } from "../amounts.ts";
import type { SluiceClient } from "../client.ts";
import { command, given, optional } from "../command.ts";
import { failed, usage } from "../exit.ts";
import { depthOfBlock } from "../header-depth.ts";
import { proofOf } from "../proof-file.ts";
import { placeOf, readStamp, type Stamp, sha256OfFile, stampPathOf, writeStamp } from "../stamp-file.ts";
import { record, when } from "../table.ts";

export const notaryCommands = [
  command({
    words: "notary stamp <files...>",
    about: "writes one hash over documents into the chain, and beside each what shows that it was among them",
    options: { "--feerate <rate>": "sat per 1,000 weight units" },
    async run({ client, show }, { files, feerate }) {
      const paths = files.map(stampPathOf);
      const taken = paths.find((path) => existsSync(path));
      if (taken !== undefined) throw usage(`${taken} is there already.`);
      const hashes = await Promise.all(files.map(sha256OfFile));
      const { root, proofs } = gatherDocuments(hashes);
      const daemon = await client();
      const { network } = await daemon.chain();
      const feerateSatPerKw = optional(feerate, wholeOf);
      const { txid } = await daemon.stamp({ root: toHex(root), ...given({ feerateSatPerKw }) });
      for (const [at, path] of paths.entries()) {
        const { index, branch } = present(proofs[at], "each document has its place");
        const sha256 = toHex(present(hashes[at], "each document has its hash"));
        await writeStamp(path, { network, sha256, index, branch: branch.map(toHex), txid, proof: null }, "wx");
      }
      show({ txid, stamps: paths }, () => `in transaction ${txid}\n${paths.map((path) => `${path}\n`).join("")}`);
    },
  }),
  command({
    words: "notary verify <file>",
    about:
      "whether a document was there when the block of its stamp was made; needs headers alone once it has been done",
    options: {
      "--stamp <file>": "the stamp (default: <file>.stamp)",
      "--headers <file>": "headers of 80 bytes each, from the one after genesis on, in place of the daemon's",
    },
    async run({ client, show }, { file, stamp: path = stampPathOf(file), headers }) {
      const stamp = await readStamp(path);
      const hash = await sha256OfFile(file);
      if (toHex(hash) !== stamp.sha256) throw failed(`${file} is not the document of ${path}: it has been changed.`);
      const whole = stamp.proof === null ? await completed(await client(), stamp, path) : stamp;
      const { proof, params } = proofOf(whole.proof, path);
      const checked = checkProof(proof, params);
      if (!checked.ok) throw failed(`The proof does not hold: ${checked.error}.`);
      if (!isStamped(hash, placeOf(whole), proof.tx))
        throw failed(`${path} is of a transaction without this document.`);
      const { txid, block } = checked.value;
      const confirmations = await depthOfBlock(headers, client, block, params);
      const time = new Date(proof.header.time * 1000).toISOString();
      const found = { file, sha256: stamp.sha256, txid, block, time, confirmations };
      show(found, () =>
        record({ document: file, "was there at": when(time), block, transaction: txid, confirmations }),
      );
    },
  }),
];

/** Once the transaction is mined its proof is kept with the stamp: from then on nobody need be asked for it. */
async function completed(client: SluiceClient, stamp: Stamp, path: string): Promise<Stamp> {
  const { block } = await client.chainTransaction(stamp.txid);
  if (block === null) throw failed(`The transaction ${stamp.txid} of ${path} waits to be mined.`);
  const whole = { ...stamp, proof: await client.proof(stamp.txid) };
  await writeStamp(path, whole, "w");
  return whole;
}
