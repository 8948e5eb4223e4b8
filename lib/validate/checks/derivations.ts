import { lstatIfExists } from "../../machine/files/files.ts";
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
  return empty.length === 0 ? pass(`${count} derivations, none is empty`) : fail(
    `empty after a crash: ${some(empty, 1)}`,
    `nix-store --delete --ignore-liveness ${
      empty[0]
    }, then nix-store --verify --check-contents --repair`,
    empty.sort(),
  );
}
