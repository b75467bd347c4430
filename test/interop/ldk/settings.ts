import * as ldk from "lightningdevkit";
import type { LdkSettings } from "./defaults.ts";

const WHOLE_CHANNEL_PERCENT = 100;
const HTLCS_MAX = 483;
const DUST_MAX_MSAT = 50_000_000n;

/** Limits as wide as the protocol has them, so that it is our side that is tried, not its caution. */
export function configOf(settings: Omit<LdkSettings, "seed">): ldk.UserConfig {
  const config = ldk.UserConfig.constructor_default();
  const handshake = config.get_channel_handshake_config();
  handshake.set_minimum_depth(1);
  handshake.set_negotiate_anchors_zero_fee_htlc_tx(settings.anchors);
  handshake.set_announce_for_forwarding(settings.announce);
  handshake.set_negotiate_scid_privacy(settings.scidPrivacy);
  handshake.set_max_inbound_htlc_value_in_flight_percent_of_channel(WHOLE_CHANNEL_PERCENT);
  handshake.set_our_max_accepted_htlcs(HTLCS_MAX);
  config.set_channel_handshake_config(handshake);
  const limits = config.get_channel_handshake_limits();
  limits.set_force_announced_channel_preference(false);
  config.set_channel_handshake_limits(limits);
  const channel = config.get_channel_config();
  channel.set_max_dust_htlc_exposure(ldk.MaxDustHTLCExposure.constructor_fixed_limit_msat(DUST_MAX_MSAT));
  channel.set_forwarding_fee_base_msat(1_000);
  channel.set_cltv_expiry_delta(72);
  config.set_channel_config(channel);
  config.set_manually_accept_inbound_channels(true);
  config.set_accept_forwards_to_priv_channels(true);
  return config;
}
