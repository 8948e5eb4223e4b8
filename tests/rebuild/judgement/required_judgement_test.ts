import { deepEqual, equal, match } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { requireSafe } from "../../../lib/rebuild/judgement/required_judgement.ts";
import { testContext } from "../../support/context.ts";
import { accountFacts, configurationFacts } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

const HASH = "$6$salt$abcdefghijklmnopqrstuvwxyz0123456789";
const MACHINE = {
  "etc/passwd": "root:x:0:0::/root:/bin/sh\nana:x:1000:100::/home/ana:/bin/sh\n",
  "etc/group": "root:x:0:\nusers:x:100:\nwheel:x:1:ana\n",
  "etc/shadow": `root:!:1::::::\nana:${HASH}:1::::::\n`,
  "var/lib/nixos/declarative-users": "root ana",
  "dev/vda1": "",
};

/** A machine of ana's, changed. */
function facts(change: (facts: ConfigurationFacts) => void = () => {}): ConfigurationFacts {
  return configurationFacts((one) => {
    one.users.accounts.push(
      accountFacts({ name: "ana", uid: 1000, isNormalUser: true, extraGroups: ["wheel"] }),
    );
    one.boot.loader = "grub";
    change(one);
  });
}

/** How the judgement ends, without a terminal or with an answer on it. */
async function judged(after: ConfigurationFacts, answer?: boolean) {
  let failure: (Error & { code: number; hint: string }) | undefined;
  let lines: { level: string; text: string }[] = [];
  await withScratch(MACHINE, async (root) => {
    const ctx = testContext({
      root,
      answers: answer === undefined ? {} : { "--confirm": answer },
    });
    const on = { ...ctx, ui: { ...ctx.ui, interactive: answer !== undefined } };
    try {
      await requireSafe(on, { facts: after }, { facts: facts() });
    } catch (error) {
      failure = error as typeof failure;
    }
    lines = ctx.lines;
  });
  const said = (level: string) =>
    lines.filter((one) => one.level === level).map(({ text }) => text);
  return { failure, said };
}

Deno.test("requireSafe() says who logs in and becomes root, where all is proven", async () => {
  const { failure, said } = await judged(facts());
  equal(failure, undefined);
  match(
    said("info").at(-1)!,
    /^proven: ana can still log in at the console \(.*\), and ana can become root \(/,
  );
});

Deno.test("requireSafe() refuses with 6 without a terminal, and names what would do", async () => {
  const locked = facts(({ users }) => users.accounts = users.accounts.slice(0, 1));
  const { failure, said } = await judged(locked);
  equal(failure?.code, 6);
  match(
    failure!.message,
    /^this would not be safe to activate: root can still log in at the console/,
  );
  match(failure!.hint, /local\.nix\): /);
  deepEqual(said("warn"), [
    "the account ana would be removed: the configuration no longer declares it",
  ]);
  match(said("error")[0]!, /^not proven: /);
});

Deno.test("requireSafe() goes on where a person says so, and only then", async () => {
  const locked = facts(({ users }) => Object.assign(users, { mutableUsers: false }));
  const yes = await judged(locked, true);
  equal(yes.failure, undefined);
  match(yes.said("warn").join(), /the password of ana would be locked/);
  equal(yes.said("info").some((text) => text.startsWith("proven")), false);
  equal((await judged(locked, false)).failure?.code, 6);
});
