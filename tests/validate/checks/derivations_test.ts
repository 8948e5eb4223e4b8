import { deepEqual, equal, match } from "node:assert/strict";
import { lookAt } from "../look.ts";

Deno.test("store-derivations finds what a power cut emptied, and it alone", async () => {
  const whole = { "nix/store/a-x.drv": "Derive(", "nix/store/b-empty": "", "nix/store/c.drv/": "" };
  const well = await lookAt("store-derivations", whole);
  deepEqual([well.status, well.detail], ["pass", "1 derivation, none is empty"]);
  const one = await lookAt("store-derivations", { ...whole, "nix/store/d-y.drv": "" });
  deepEqual([one.status, one.items], ["fail", ["/nix/store/d-y.drv"]]);
  match(one.remedy!, /^nix-store --delete --ignore-liveness \/nix\/store\/d-y\.drv, then/);
  equal((await lookAt("store-derivations", {})).status, "skip");
});

Deno.test("store-derivations names one command for all of them", async () => {
  const { items, detail, remedy } = await lookAt("store-derivations", {
    "nix/store/z.drv": "",
    "nix/store/a.drv": "",
    "nix/store/m.drv": "",
  });
  deepEqual(items, ["/nix/store/a.drv", "/nix/store/m.drv", "/nix/store/z.drv"]);
  equal(detail, "empty after a crash: /nix/store/a.drv and 2 more");
  match(remedy!, /\$\(find \/nix\/store -maxdepth 1 -name '\*\.drv' -empty\)/);
});
