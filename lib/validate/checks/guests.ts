import { counted } from "../../layout/counted.ts";
import { lstatIfExists } from "../../machine/files/files.ts";
import { storePathsIn } from "../../nix/store/store_path.ts";
import type { Context } from "../../machine/context.ts";
import { type Check, fail, type Finding, pass, some, warn } from "../check.ts";
import { guestDefinitions } from "../guest_definitions.ts";

/** NixOS links the emulators here at every start of libvirtd. */
const STABLE = "/run/libvirt/nix-emulators, /run/libvirt/nix-ovmf";

/** Guests that name a path of the store stop working when it is collected (nixpkgs#378894). */
export const guestsCheck: Check = {
  id: "guest-store-paths",
  group: "System Services",
  title: "guest definitions",
  severity: "error",
  quick: true,
  blocksUpdate: false,
  check: guests,
};

function guests(ctx: Context): Finding {
  const gone: string[] = [];
  const named: string[] = [];
  const definitions = guestDefinitions(ctx);
  for (const { guest, text } of definitions) {
    for (const path of new Set(storePathsIn(text))) {
      const there = lstatIfExists(ctx.root.follow(path)) !== undefined;
      (there ? named : gone).push(`${guest}: ${path}`);
    }
  }
  const first = (gone[0] ?? named[0])?.split(":")[0];
  const remedy = `virsh edit ${first}: name what stays the same at every update (${STABLE})`;
  if (gone.length > 0) {
    return fail(`names what is not in the store: ${some(gone, 1)}`, remedy, gone);
  }
  if (named.length > 0) {
    return warn(
      `names what the next garbage collection may remove: ${some(named, 1)}`,
      remedy,
      named,
    );
  }
  return pass(
    definitions.length === 0
      ? "no guest is defined"
      : `${counted(definitions.length, "guest")}, none names a store path`,
  );
}
