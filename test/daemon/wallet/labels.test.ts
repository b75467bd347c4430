import { expect } from "chai";
import { toHex } from "../../../src/base/bytes.ts";
import { type Label, labelKey } from "../../../src/daemon/wallet/label.ts";
import { encodeLabel, labelRecord, loadLabels } from "../../../src/daemon/wallet/label-records.ts";
import { LABELS_MAX, setLabels } from "../../../src/daemon/wallet/labels.ts";
import { StoreCorrupt } from "../../../src/ports/store.ts";

const tx: Label = { type: "tx", ref: "ab".repeat(32), label: "June", origin: "wpkh()", spendable: undefined };
const coin: Label = { type: "output", ref: `${"ab".repeat(32)}:1`, label: "", origin: undefined, spendable: false };
const entryOf = (label: Label) => ({ key: labelRecord(labelKey(label.type, label.ref)), value: encodeLabel(label) });

describe("the records of labels", () => {
  it("are frozen, byte for byte: every later version reads them", () => {
    const text = (words: string): string => Buffer.from(words).toString("hex");
    const length = (words: string): string => words.length.toString(16).padStart(4, "0");
    expect(entryOf(tx).key).to.equal(`label/tx/${tx.ref}`);
    expect(toHex(entryOf(tx).value)).to.equal(`01000040${text(tx.ref)}0004${text("June")}010006${text("wpkh()")}00`);
    expect(toHex(entryOf(coin).value)).to.equal(`0104${length(coin.ref)}${text(coin.ref)}0000000100`);
  });
  it("give back the labels, and refuse an unknown version, a cut one and one under another's key", () => {
    const labels = loadLabels([entryOf(tx), entryOf(coin)]);
    expect([...labels.values()]).to.deep.equal([tx, coin]);
    const { key, value } = entryOf(tx);
    for (const broken of [
      { key, value: Uint8Array.of(2, ...value.subarray(1)) },
      { key, value: value.subarray(0, -1) },
      { key: entryOf(coin).key, value },
    ]) {
      expect(() => loadLabels([broken])).to.throw(StoreCorrupt, broken.key);
    }
  });
  it("are set in place of each other, taken away when nothing is said, and bounded as a whole", () => {
    const first = setLabels(new Map(), [tx, coin]);
    if (!first.ok) throw new Error(first.error.code);
    const gone = { ...tx, label: "", origin: undefined };
    const second = setLabels(first.value.next, [{ ...tx, label: "July" }, gone, { ...coin, label: "rent" }]);
    if (!second.ok) throw new Error(second.error.code);
    expect([...second.value.next.values()]).to.deep.equal([{ ...coin, label: "rent" }]);
    expect(second.value.records).to.deep.equal([
      { key: entryOf(tx).key, value: undefined },
      entryOf({ ...coin, label: "rent" }),
    ]);
    const many = Array.from({ length: LABELS_MAX }, (_, at): Label => ({ ...tx, ref: `${tx.ref}${at}` }));
    expect(setLabels(first.value.next, many)).to.deep.equal({ ok: false, error: { code: "too_many_labels" } });
  });
});
