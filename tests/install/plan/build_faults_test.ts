import { deepEqual, equal, match } from "node:assert/strict";
import {
  nestedFiles,
  nestedFilesError,
  sudoersWarning,
} from "../../../lib/install/plan/build_faults.ts";
import type { Identity } from "../../../lib/nix/evaluation/identity.ts";
import { testContext } from "../../support/context.ts";
import { rentedServerFacts } from "../../support/facts.ts";
import { hasCommand, need } from "../../support/needs.ts";

function etc(files: Readonly<Record<string, { target?: string; source?: string }>>): Identity {
  return {
    etc: Object.fromEntries(
      Object.entries(files).map(([name, { target = name, source = "/nix/store/x" }]) =>
        [name, { is: { source, mode: "symlink", user: "root", group: "root", target } }] as const
      ),
    ),
  };
}

Deno.test("nestedFiles() finds files of /etc inside of what is no folder, by their targets", () => {
  deepEqual(nestedFiles({}), []);
  deepEqual(nestedFiles(etc({ "a/b": {}, "a/c/d": {}, "ab": {} })), []);
  deepEqual(nestedFiles(etc({ docs: {}, "docs/a.md": {}, "docs/b/c": {} })), [
    ["docs/a.md", "docs"],
    ["docs/b/c", "docs"],
  ]);
  deepEqual(nestedFiles(etc({ one: { target: "x" }, two: { target: "/etc/x/y" } })), [[
    "two",
    "x",
  ]]);
  // A folder of links.
  deepEqual(nestedFiles(etc({ all: { source: "/nix/store/x/*" }, "all/more": {} })), []);
  const unreadable: Identity = {
    etc: { docs: { unreadable: true }, "docs/a": { unreadable: true } },
  };
  deepEqual(nestedFiles(unreadable), [["docs/a", "docs"]]);
});

Deno.test("nestedFilesError() says which option leaves each out", () => {
  equal(nestedFilesError(etc({ docs: {} }), "/local.nix"), undefined);
  const error = nestedFilesError(etc({ docs: {}, "docs/a.md": {} }), "/local.nix")!;
  match(error.message, /\/etc\/docs\/a\.md lies inside of \/etc\/docs, which is no folder/);
  match(
    error.hint!,
    /in \/local\.nix.*environment\.etc\."docs\/a\.md"\.enable = lib\.mkForce false;/,
  );
});

Deno.test({
  name: "sudoersWarning() tells the rule that visudo refuses, and nothing of rules that are right",
  ignore: !need(hasCommand("visudo"), "sudo is not installed: its rules are not checked"),
  async fn() {
    const of = (file: string | null) =>
      sudoersWarning(testContext(), rentedServerFacts(({ sudo }) => Object.assign(sudo, { file })));
    equal(await of(null), undefined);
    equal(await of("root ALL=(ALL) ALL\n"), undefined);
    const bad = "%operators ALL=(ALL) NOPASSWD: /bin/chown :libvirtd /var/lib/libvirt/images/*";
    match((await of(`root ALL=(ALL) ALL\n${bad}\n`))!, /visudo refuses a rule .*chown :libvirtd/);
    equal(
      await of(`root ALL=(ALL) ALL\n${bad.replace(":l", "\\:l")}\n`),
      undefined,
    );
  },
});
