import { existsSync } from "node:fs";
import { fromHex, toHex } from "../../base/bytes.ts";
import { present } from "../../base/result.ts";
import { decodeTx } from "../../bitcoin/tx.ts";
import { type DocumentProof, gatherDocuments, isStamped, STAMP_LABEL } from "../../chain/notary.ts";
import { checkProof } from "../../chain/spv.ts";
import { wholeOf } from "../amounts.ts";
import type { ChainTransaction } from "../answers.ts";
import type { SluiceClient } from "../client.ts";
import { command, given, optional } from "../command.ts";
import { failed, usage } from "../exit.ts";
import { depthOfBlock } from "../header-depth.ts";
import { ApiError } from "../http.ts";
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
    async run({ client, show, dryRun }, { file, stamp: path = stampPathOf(file), headers }) {
      const stamp = await readStamp(path);
      const hash = await sha256OfFile(file);
      if (toHex(hash) !== stamp.sha256) throw failed(`${file} is not the document of ${path}: it has been changed.`);
      const whole = stamp.proof === null ? await completed(await client(), stamp, path, hash) : stamp;
      if (whole !== stamp && !dryRun) await writeStamp(path, whole, "w");
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

/**
 * The stamp with the proof of its transaction, once that is mined: kept, nobody need be asked for it from then on. One that
 * was replaced for a higher fee is looked for by what it holds.
 */
async function completed(client: SluiceClient, stamp: Stamp, path: string, hash: Uint8Array): Promise<Stamp> {
  const known = (await transactionOf(client, stamp.txid)) ?? (await replacementOf(client, hash, placeOf(stamp)));
  if (known === undefined) {
    const detail = `The node knows neither the transaction ${stamp.txid} of ${path} nor one in its place.`;
    throw failed(detail, "if it was cancelled, remove the stamp and make another");
  }
  const { txid, block } = known;
  if (block === null) throw failed(`The transaction ${txid} of ${path} waits to be mined.`);
  return { ...stamp, txid, proof: await client.proof(txid) };
}
async function replacementOf(
  client: SluiceClient,
  hash: Uint8Array,
  place: DocumentProof,
): Promise<ChainTransaction | undefined> {
  const stamps = (await client.transactions()).filter(({ label }) => label === STAMP_LABEL);
  for (const { txid } of stamps.reverse()) {
    const found = await transactionOf(client, txid);
    const tx = found && decodeTx(fromHex(found.hex));
    if (tx?.ok && isStamped(hash, place, tx.value)) return found;
  }
  return undefined;
}
/** Undefined when it neither waits nor is in a block that the node holds. */
async function transactionOf(client: SluiceClient, txid: string): Promise<ChainTransaction | undefined> {
  try {
    return await client.chainTransaction(txid);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
