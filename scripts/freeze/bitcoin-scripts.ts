import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { parseDerLax, scriptSignature } from "../../src/bitcoin/der.ts";
import { SCRIPT_FLAGS, type ScriptFlag, scriptFlags } from "../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../src/bitcoin/interpreter/verify.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { SIGHASH_ALL } from "../../src/bitcoin/sighash.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { assemble, creditAndSpend, fillIn } from "../../test/bitcoin/assemble.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { ALICE, type Coin, coins, EMPTY, sign, signed } from "./bitcoin-own.ts";

/** Scripts without signatures: scriptSig | scriptPubKey | flags. What they come to is found by running them. */
const UNSIGNED = `
1 2 | ADD 3 EQUAL | 
1 | 1ADD 2 NUMEQUALVERIFY 5 -5 NEGATE EQUAL |
-7 | ABS 1SUB 6 NUMEQUAL |
0 | NOT 2 0NOTEQUAL BOOLAND |
3 4 | 2DUP LESSTHAN VERIFY GREATERTHANOREQUAL NOT |
3 4 | MIN 3 EQUAL | MINIMALDATA
9 8 | MAX 9 NUMEQUAL |
5 | 5 10 WITHIN |
10 | 5 10 WITHIN |
2147483647 | 1ADD 2147483648 EQUAL |
2147483648 | 1ADD | 
0x02 0x0100 | 1ADD 2 EQUAL | MINIMALDATA
0x02 0x0100 | 1ADD 2 EQUAL |
0x4c 0x01 0x07 | 7 EQUAL | MINIMALDATA
1 2 3 4 5 6 | 2ROT 2DROP 2DROP 4 EQUALVERIFY 3 EQUAL |
1 2 3 4 | 2OVER 2 EQUALVERIFY 1 EQUAL |
1 2 3 4 | 2SWAP 2 EQUALVERIFY 1 EQUALVERIFY 4 EQUAL |
1 2 3 | ROT 1 EQUALVERIFY 3 EQUAL |
1 2 | TUCK DEPTH 3 EQUALVERIFY 3DUP 2DROP 2DROP NIP 1 EQUAL |
7 8 9 | 2 PICK 7 EQUALVERIFY 2 ROLL 7 EQUAL |
7 | 1 PICK |
7 | -1 ROLL |
0 | IFDUP DEPTH 1 EQUAL |
'abc' | SIZE 3 EQUALVERIFY SHA256 SIZE 32 EQUAL |
'abc' | RIPEMD160 SIZE NIP 20 EQUAL |
'abc' | DUP SHA256 RIPEMD160 SWAP HASH160 EQUAL |
'abc' | DUP SHA256 SHA256 SWAP HASH256 EQUAL |
'abc' | SHA1 0x14 0xa9993e364706816aba3e25717850c26c9cd0d89d EQUAL |
1 | IF 2 ELSE 0 ENDIF |
0 | IF RETURN ELSE 1 ELSE RETURN ELSE 2 ENDIF |
0 | NOTIF 1 ENDIF |
1 | IF 1 |
1 | ENDIF |
1 | ELSE |
NOP | IF 1 ENDIF |
0 | IF VERIF ELSE 1 ENDIF |
0 | IF VER ELSE 1 ENDIF |
1 | VER |
0 | IF CAT ENDIF 1 |
1 | RETURN |
0 | VERIFY 1 |
1 2 | EQUALVERIFY 1 |
1 | TOALTSTACK FROMALTSTACK |
1 | FROMALTSTACK |
1 | NOP1 NOP10 | DISCOURAGE_UPGRADABLE_NOPS
1 | NOP1 NOP10 |
1 | RESERVED |
1 | 0xba |
1 | 0x02 0x01 |
NOP 1 | NOP | SIGPUSHONLY
1 1 | NOP | P2SH,WITNESS,CLEANSTACK
-1 | CHECKLOCKTIMEVERIFY | CHECKLOCKTIMEVERIFY
0 | CHECKLOCKTIMEVERIFY 1 | CHECKLOCKTIMEVERIFY
1 | CHECKLOCKTIMEVERIFY |
1 | CHECKSEQUENCEVERIFY | CHECKSEQUENCEVERIFY
4294967296 | CHECKSEQUENCEVERIFY | CHECKSEQUENCEVERIFY
0x05 0x0000008000 | CHECKSEQUENCEVERIFY | CHECKSEQUENCEVERIFY
0 0 0 | CHECKMULTISIG |
1 0 0 | CHECKMULTISIG | NULLDUMMY
0 0 | CHECKMULTISIG |
0 0 21 | CHECKMULTISIG |
0 2 'k' 1 | CHECKMULTISIG |
0 'sig' 0 | 2 'nokey' 0x21 0x${toHex(ALICE.point)} 2 CHECKMULTISIG NOT | STRICTENC
0 'sig' 0 | 2 0x21 0x${toHex(ALICE.point)} 'nokey' 2 CHECKMULTISIG NOT | STRICTENC
0x01 0x80 | IF RETURN ELSE 1 ENDIF |
0x02 0x8000 | IF 1 ELSE RETURN ENDIF |
0 | CODESEPARATOR 1 | CONST_SCRIPTCODE
`;

type Row = readonly unknown[];
const flagsOf = (text: string): readonly ScriptFlag[] => SCRIPT_FLAGS.filter((flag) => text.split(",").includes(flag));
const raw = (bytes: Uint8Array): string => (bytes.length === 0 ? "" : `0x${toHex(bytes)}`);

interface Trial {
  readonly scriptSig: string;
  readonly scriptPubKey: string;
  readonly flags: string;
  readonly witness?: readonly Uint8Array[];
  readonly note?: string;
}
const AMOUNT = 12_345n;
function run({ scriptSig, scriptPubKey, flags, witness = [], note }: Trial): Row {
  const amount = witness.length > 0 ? AMOUNT : 0n;
  const { credit, spend: tx } = creditAndSpend({
    scriptSig: assemble(scriptSig),
    scriptPubKey: assemble(scriptPubKey),
    witness,
    amount,
  });
  const verified = verifyInput(tx, 0, credit.outputs, scriptFlags(...flagsOf(flags)));
  const row = [
    scriptSig,
    scriptPubKey,
    flags,
    verified.ok ? "OK" : verified.error,
    ...(note === undefined ? [] : [note]),
  ];
  return witness.length > 0 ? [[...witness.map(toHex), Number(amount) / 1e8], ...row] : row;
}

function unsignedRows(): readonly Row[] {
  return UNSIGNED.trim()
    .split("\n")
    .map((line) => {
      const [scriptSig = "", scriptPubKey = "", flags = ""] = line.split("|").map((part) => part.trim());
      return run({ scriptSig, scriptPubKey, flags });
    });
}

/** Every kind of coin, spent rightly and then wrongly. */
function coinRows(): readonly Row[] {
  return coins(sat(AMOUNT)).flatMap((coin, kind) => {
    const scriptPubKey = coin.prevout.script;
    const witnessed = kind > 0;
    const { spend: unsigned } = creditAndSpend({ scriptSig: EMPTY, scriptPubKey, amount: witnessed ? AMOUNT : 0n });
    const { scriptSig, witness } = present(sign(unsigned, [coin]).inputs[0], "one input");
    const trial = (what: string, flags: string, sig = scriptSig, stack = witness): Row =>
      run({
        scriptSig: raw(sig),
        scriptPubKey: raw(scriptPubKey),
        flags,
        witness: stack,
        note: `${coin.name}: ${what}`,
      });
    const damaged = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte));
    return [
      trial("as it should be", SCRIPT_FLAGS.join(",")),
      trial("no rules", ""),
      trial("P2SH alone", "P2SH"),
      trial("a damaged signature", "P2SH,WITNESS", damaged(scriptSig), witness.map(damaged)),
      trial("one push too many", "P2SH,WITNESS,CLEANSTACK", concat(scriptSig, script(7n))),
      trial("one element too many", "P2SH,WITNESS", scriptSig, [EMPTY, ...witness]),
      trial("too little", "P2SH,WITNESS", EMPTY, witness.slice(1)),
    ];
  });
}

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** The same signature with its other, high S. */
function highS(signature: Uint8Array): Uint8Array {
  const compact = present(parseDerLax(signature.subarray(0, -1)), "a signature of ours");
  const s = ORDER - BigInt(`0x${toHex(compact.subarray(32))}`);
  return scriptSignature(concat(compact.subarray(0, 32), fromHex(s.toString(16).padStart(64, "0"))), SIGHASH_ALL);
}
const edited = (bytes: Uint8Array, at: number, value: number): Uint8Array =>
  bytes.map((byte, index) => (index === (at + bytes.length) % bytes.length ? value : byte));

/** One key, its signature bent in the ways that only some rules forbid. */
function bentRows(): readonly Row[] {
  const bends: readonly (readonly [what: string, flag: string, bend: (signature: Uint8Array) => Uint8Array])[] = [
    ["high S", "LOW_S", highS],
    ["an undefined hash type", "STRICTENC", (signature) => edited(signature, -1, 5)],
    ["a byte behind S", "DERSIG", (signature) => concat(signature.subarray(0, -1), Uint8Array.of(0, SIGHASH_ALL))],
    ["empty", "NULLFAIL", () => EMPTY],
    ["of nothing", "NULLFAIL", (signature) => edited(signature, 20, 0)],
  ];
  const keys = [script(ALICE.point, OP.CHECKSIG), script(ALICE.point, OP.CHECKSIG, OP.NOT)];
  return keys.flatMap((scriptPubKey) => {
    const { spend: unsigned } = creditAndSpend({ scriptSig: EMPTY, scriptPubKey });
    return bends.flatMap(([what, flag, bend]) =>
      ["", flag].map((flags) => {
        const unlock: Coin["unlock"] = (digests, index) => ({
          scriptSig: pushOnly(bend(signed(ALICE.secret, digests.legacy(index, scriptPubKey, SIGHASH_ALL)))),
          witness: [],
        });
        const prevout = { amount: sat(0n), script: scriptPubKey };
        const scriptSig = raw(present(sign(unsigned, [{ unlock, prevout }]).inputs[0], "one input").scriptSig);
        return run({ scriptSig, scriptPubKey: raw(scriptPubKey), flags, note: what });
      }),
    );
  });
}

/** Witness scripts without signatures: elements | script | flags. */
const WITNESSED = `
01 | IF 1 ELSE 0 ENDIF | P2SH,WITNESS,MINIMALIF
02 | IF 1 ELSE 0 ENDIF | P2SH,WITNESS,MINIMALIF
02 | IF 1 ELSE 0 ENDIF | P2SH,WITNESS
 | IF 0 ELSE 1 ENDIF | P2SH,WITNESS,MINIMALIF
00 | IF 0 ELSE 1 ENDIF | P2SH,WITNESS,MINIMALIF
01,01 | NOP | P2SH,WITNESS
00 | NOP | P2SH,WITNESS
03,04 | ADD 7 EQUAL | P2SH,WITNESS
03,04 | ADD 8 EQUAL | P2SH
01 | CODESEPARATOR | P2SH,WITNESS,CONST_SCRIPTCODE
`;
function witnessRows(): readonly Row[] {
  return WITNESSED.trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [elements = "", text = "", flags = ""] = line.split("|").map((part) => part.trim());
      const witnessScript = assemble(text);
      const witness = [...elements.split(",").map(fromHex), witnessScript];
      return run({ scriptSig: "", scriptPubKey: raw(p2wshOf(witnessScript)), flags, witness, note: text });
    });
}

/** Tapscripts without signatures: elements | script | flags. */
const TAPSCRIPTS = `
07,03 | ADD 10 NUMEQUAL | P2SH,WITNESS,TAPROOT
07,03 | ADD 11 NUMEQUAL | P2SH,WITNESS,TAPROOT
07,03 | ADD 11 NUMEQUAL | P2SH,WITNESS
01 | IF 1 ELSE 0 ENDIF | P2SH,WITNESS,TAPROOT
02 | IF 1 ELSE 0 ENDIF | P2SH,WITNESS,TAPROOT
01 | DUP | P2SH,WITNESS,TAPROOT
01 | 0 0 CHECKMULTISIG | P2SH,WITNESS,TAPROOT
01 | 0 CHECKSIG | P2SH,WITNESS,TAPROOT
01 | 'key' CHECKSIG | P2SH,WITNESS,TAPROOT
01 | 'key' CHECKSIG | P2SH,WITNESS,TAPROOT,DISCOURAGE_UPGRADABLE_PUBKEYTYPE
01 | 5 'key' CHECKSIGADD 6 NUMEQUAL | P2SH,WITNESS,TAPROOT
01 | 0x20 0x${"07".repeat(32)} CHECKSIG | P2SH,WITNESS,TAPROOT
01 | RETURN CAT | P2SH,WITNESS,TAPROOT
01 | RETURN CAT | P2SH,WITNESS,TAPROOT,DISCOURAGE_OP_SUCCESS
01 | 1 ENDIF | P2SH,WITNESS,TAPROOT
01 | DUP 'key' CHECKSIGVERIFY DUP 'key' CHECKSIGVERIFY DUP 'key' CHECKSIGVERIFY | P2SH,WITNESS,TAPROOT
`;
function tapscriptRows(): readonly Row[] {
  const scriptPubKey = "0x51 0x20 #TAPROOTOUTPUT#";
  return TAPSCRIPTS.trim()
    .split("\n")
    .map((line) => {
      const [elements = "", text = "", flags = ""] = line.split("|").map((part) => part.trim());
      const witness = [...elements.split(","), `#SCRIPT# ${text}`, "#CONTROLBLOCK#"];
      const [filled, locking] = fillIn(witness, scriptPubKey);
      const [, , , , outcome] = run({ scriptSig: "", scriptPubKey: raw(locking), flags, witness: filled });
      return [[...witness, Number(AMOUNT) / 1e8], "", scriptPubKey, flags, outcome, text];
    });
}

export const freezers: readonly Freezer[] = [
  {
    path: "bitcoin/core/script_tests.json",
    make: () => [
      [
        "[[witness..., amount]?, scriptSig, scriptPubKey, flags, outcome, note]: the layout is Bitcoin Core's, the rows are ours",
      ],
      ...unsignedRows(),
      ...witnessRows(),
      ...tapscriptRows(),
      ...coinRows(),
      ...bentRows(),
    ],
  },
];
