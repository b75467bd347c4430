import type { Effect } from "../../channels/index.ts";
import { assert } from "../../src/base/result.ts";
import { satPerKw } from "../../src/base/units.ts";
import type { Party } from "./channel-party.ts";
import type { Pair } from "./pair.ts";

/** What a host answers at once. */
export function hostAnswers(pair: Pair, party: Party, effect: Effect): void {
  switch (effect.tag) {
    case "SignSoon":
      party.signSoon++;
      return;
    case "NeedSignatures": {
      const signed = party.signer.sign(effect.request);
      if (signed.ok) pair.give(party.name, { tag: "Signatures", signatures: signed.value });
      else pair.give(party.name, { tag: "SigningRefused", refusal: signed.error });
      return;
    }
    case "NeedRevokedHtlcs":
      pair.give(party.name, { tag: "RevokedHtlcs", ...party.revokedAt(effect.number) });
      return;
    case "NeedAnnouncementSignatures": {
      const signed = party.signer.announce(effect.announcement);
      assert(signed.ok, "a channel announces itself");
      pair.give(party.name, { tag: "AnnouncementSignatures", ...signed.value });
      return;
    }
    case "NeedFunding": {
      const tx = pair.fund({ amount: effect.amount, script: effect.script });
      pair.give(party.name, { tag: "FundingTx", tx, vout: 1 });
      return;
    }
    case "NeedContribution": {
      const contribution = party.wallet.contribute(effect);
      if (contribution === undefined) pair.give(party.name, { tag: "NothingToContribute", reason: "no coins" });
      else pair.give(party.name, { tag: "Contribution", contribution });
      return;
    }
    case "NeedConfirmation": {
      const { seesConfirmed: confirmed } = party;
      if (confirmed !== undefined)
        pair.give(party.name, { tag: "InputConfirmation", outpoint: effect.outpoint, confirmed });
      return;
    }
    case "NeedFundingWitnesses": {
      const witnesses = party.wallet.witness(effect.constructed);
      if (witnesses === undefined) pair.give(party.name, { tag: "AbortOpening", reason: "a coin of ours is gone" });
      else pair.give(party.name, { tag: "FundingWitnesses", witnesses });
      return;
    }
    case "FundingHeld":
      if (party.state.tag === "WaitForFundingSignatures" && !party.isShared)
        pair.give(party.name, { tag: "FundingAllSigned" });
      return;
    case "NeedCloseScript":
      pair.give(party.name, {
        tag: "Shutdown",
        script: party.funded.params.local.upfrontShutdownScript ?? party.closeScript,
        feerate: satPerKw(500),
      });
      return;
    default:
      party.wallet.note(effect);
  }
}
