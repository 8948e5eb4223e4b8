import assert from "node:assert/strict";
import { isHostLabel, isNixosHostName, readHostName } from "../../lib/machine/host_name.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

Deno.test("readHostName() reads the first line that is no comment", async () => {
  await withScratch({ "etc/hostname": "# set by hand\n\n  kvm1 \nother\n" }, (root) => {
    assert.deepEqual(readHostName(testContext({ root })), {
      name: "kvm1",
      source: "/etc/hostname",
    });
  });
});

Deno.test("readHostName() takes this machine's name only for this machine", async () => {
  await withScratch({}, (root) => {
    assert.equal(readHostName(testContext({ root })), undefined);
  });
  assert.notEqual(readHostName(testContext())?.name, "");
});

Deno.test("isHostLabel() takes exactly the labels of RFC 1123", () => {
  for (const label of ["a", "1", "kvm-1", "A".repeat(63), "3com"]) {
    assert.ok(isHostLabel(label), label);
  }
  const wrong = ["", "-a", "a-", "a.b", "a_b", "ä", "a b", "a\n", "A".repeat(64), "${x}", "a/b"];
  for (const label of wrong) assert.ok(!isHostLabel(label), label);
});

Deno.test("isNixosHostName() takes what networking.hostName takes, but for none at all", () => {
  for (const name of ["a", "kvm-1", "my_host", "a_-b", "A".repeat(63)]) {
    assert.ok(isNixosHostName(name), name);
  }
  for (const name of ["", "_a", "a_", "a.b", "-a", "ä", "a b", "A".repeat(64)]) {
    assert.ok(!isNixosHostName(name), name);
  }
});
