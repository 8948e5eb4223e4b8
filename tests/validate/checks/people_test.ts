import { deepEqual } from "node:assert/strict";
import { peopleChecks } from "../../../lib/validate/checks/people.ts";
import { Facts } from "../../../lib/validate/facts.ts";
import { testContext } from "../../support/context.ts";
import { accountFacts, configurationFacts } from "../../support/facts.ts";

/** What "users in their groups" finds when /etc/group is this and alice declares three extra groups. */
async function membersFinding(group: string): Promise<unknown> {
  const root = Deno.makeTempDirSync({ prefix: "people-" });
  try {
    Deno.mkdirSync(`${root}/etc`);
    Deno.writeTextFileSync(`${root}/etc/passwd`, "alice:x:1000:100::/home/alice:/bin/sh\n");
    Deno.writeTextFileSync(`${root}/etc/group`, group);
    const ctx = testContext({ root });
    const configuration = configurationFacts(({ users }) => {
      users.accounts.push(accountFacts({
        name: "alice",
        isNormalUser: true,
        extraGroups: ["wheel", "kvm", "networkmanager"],
      }));
      users.groups.push({ name: "kvm", gid: 302, members: [] });
    });
    class Known extends Facts {
      override readonly requireSource = () => {};
      override readonly configuration = () => Promise.resolve(configuration);
    }
    const check = peopleChecks.find(({ id }) => id === "group-members")!;
    return await check.check(ctx, new Known(ctx));
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

// networkmanager stands in what NixOS's installers write, also where NetworkManager is off since.
Deno.test("an extra group that nothing declares is missed by nobody: no activation makes it", async () => {
  const found = await membersFinding("wheel:x:1:alice\nusers:x:100:\nkvm:x:302:alice\n");
  deepEqual((found as { status: string }).status, "pass");
});

Deno.test("a declared extra group that the user is not in is missed, and it alone", async () => {
  const found = await membersFinding("wheel:x:1:alice\nusers:x:100:\nkvm:x:302:\n");
  const { status, detail } = found as { status: string; detail: string };
  deepEqual({ status, detail }, { status: "fail", detail: "missing: alice in kvm" });
});
