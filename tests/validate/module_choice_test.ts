import { equal } from "node:assert/strict";
import { isTurnedOff } from "../../lib/validate/module_choice.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const MODULE = { "etc/tmpfiles.d/hyper-nixos.conf": "" };

Deno.test("isTurnedOff() believes the owner only where the module was activated", async () => {
  const isOff = async (files: Readonly<Record<string, string>>, ...units: string[]) => {
    let off: boolean | undefined;
    await withScratch({ "etc/": "", ...files }, (root) => {
      off = isTurnedOff(testContext({ root }), units);
    });
    return off;
  };
  equal(await isOff({}, "a.service"), false, "Hyper-NixOS was never activated");
  equal(await isOff(MODULE, "a.service"), true);
  equal(
    await isOff({ ...MODULE, "etc/systemd/system/b.service": "" }, "a.service", "b.service"),
    false,
  );
  equal(await isOff({ ...MODULE, "etc/systemd/system/b.service": "" }, "a.service"), true);
});
