import assert from "node:assert/strict";
import { PAGE, withOptions } from "../../nix/module/document.ts";
import { hasNix } from "../support/needs.ts";

Deno.test({
  name: "docs/module.md has the module's options (else run: deno run -A nix/module/document.ts)",
  ignore: !hasNix,
  fn: () => {
    const page = Deno.readTextFileSync(PAGE);
    assert.equal(page, withOptions(page));
    // Each has a type, a description and an example, or withOptions() would have failed.
    assert.ok(page.includes("### `hypervisor.operators`"));
    // What is between the marks is the module's alone.
    const changed = page.replaceAll("`hypervisor.operators`", "`hypervisor.friends`");
    assert.equal(withOptions(changed), page);
  },
});
