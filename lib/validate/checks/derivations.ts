import { lstatIfExists } from "../../machine/files/files.ts";
import { counted } from "../../layout/counted.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, skip, some } from "../check.ts";

/** After a power cut, derivations can be empty, and every rebuild stops at one (NixOS/nix#1218). */
export const derivationsChecks = checksOf("Resources", [{
  id: "store-derivations",
  title: "Nix store",
  quick: false,
  blocksUpdate: true,
  check: derivations,
}]);

function derivations(ctx: Context): Finding {
  const store = ctx.root.follow("/nix/store");
  const empty: string[] = [];
  let count = 0;
  try {
    for (const { name, isFile } of Deno.readDirSync(store)) {
      if (!isFile || !name.endsWith(".drv")) continue;
      count++;
      if (lstatIfExists(`${store}/${name}`)?.size === 0) empty.push(`/nix/store/${name}`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return skip("there is no /nix/store");
    throw error;
  }
  if (empty.length === 0) return pass(`${counted(count, "derivation")}, none is empty`);
  empty.sort();
  return fail(
    `empty after a crash: ${some(empty, 1)}`,
    `nix-store --delete --ignore-liveness ${
      empty.length === 1 ? empty[0] : "$(find /nix/store -maxdepth 1 -name '*.drv' -empty)"
    }, then nix-store --verify --check-contents --repair`,
    empty,
  );
}
