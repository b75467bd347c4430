import { expect } from "chai";
import { ApiError } from "../../../scripts/demo/client.ts";
import { isPassing } from "../../../scripts/kills/actor.ts";

const refusal = (code: string, reason?: string): ApiError => new ApiError(400, code, "a sentence", reason);

describe("what a kill brings about, and is tried again", () => {
  it("is a unit that could not be paid, when its payment failed or the site was away", () => {
    const passing = ["PAYMENT_FAILED", "PEER_UNREACHABLE", "PEER_REFUSED"];
    for (const reason of passing) expect(isPassing(refusal("PAYMENT_REQUIRED", reason)), reason).to.equal(true);
  });
  it("is not a unit that is not paid for any other reason: a wrong key, or a bug", () => {
    const lasting = ["NOT_POSSIBLE", "INTERNAL", "NEED_TOPUP", undefined];
    for (const reason of lasting) expect(isPassing(refusal("PAYMENT_REQUIRED", reason)), reason).to.equal(false);
  });
  it("is never an internal error, and no answer that did not come", () => {
    expect(isPassing(refusal("INTERNAL"))).to.equal(false);
    expect(isPassing(new DOMException("The operation timed out", "TimeoutError"))).to.equal(false);
  });
  it("is a connection that broke, and somebody who was missing", () => {
    expect(isPassing(new TypeError("fetch failed"))).to.equal(true);
    expect(isPassing(refusal("PEER_UNREACHABLE"))).to.equal(true);
  });
});
