import { deepEqual, equal, match } from "node:assert/strict";
import { requireGuestsUntouched } from "../../../lib/rebuild/activation/guests_question.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { standIns } from "../../support/stand_ins.ts";

interface Machine {
  /** What virsh lists. */
  readonly guests: string;
  /** What the dry activation says, and how it ends. */
  readonly dry: string;
  readonly dryCode?: number;
  readonly allowed?: boolean;
  /** On a terminal, what is answered there. */
  readonly answer?: boolean;
}

async function asked({ guests, dry, dryCode = 0, allowed = false, answer }: Machine) {
  using tools = standIns({ only: [] });
  Deno.chmodSync(`${tools.folder}/state`, 0o755);
  tools.set("bin/virsh", `#!/bin/sh\nprintf '${guests}'\n`, 0o755);
  tools.set(
    "sys/bin/switch-to-configuration",
    `#!/bin/sh\necho '${dry}'\nexit ${dryCode}\n`,
    0o755,
  );
  let failure: (Error & { code: number; hint: string }) | undefined;
  let warnings: string[] = [];
  await withScratch({}, async (root) => {
    const ctx = testContext({
      root,
      env: { PATH: `${tools.folder}/state/bin:/usr/bin:/bin` },
      answers: answer === undefined ? {} : { "--restart-guests": answer },
    });
    const on = { ...ctx, ui: { ...ctx.ui, interactive: answer !== undefined } };
    try {
      await requireGuestsUntouched(on, `${tools.folder}/state/sys`, allowed);
    } catch (error) {
      failure = error as typeof failure;
    }
    warnings = ctx.messages("warn");
  });
  return { code: failure?.code, message: failure?.message ?? "", warnings };
}

const TOUCHED = "would restart the following units: libvirtd.service, sshd.service";
const UNTOUCHED = "would restart the following units: sshd.service";

Deno.test("requireGuestsUntouched() asks nothing where no guest runs, or none would notice", async () => {
  deepEqual((await asked({ guests: "", dry: TOUCHED })).warnings, []);
  const { code, warnings } = await asked({ guests: "web\\n\\n", dry: UNTOUCHED });
  deepEqual([code, warnings], [undefined, []]);
});

Deno.test("requireGuestsUntouched() refuses without a terminal, and names guests and units", async () => {
  const { code, message, warnings } = await asked({ guests: "web\\ndb\\n", dry: TOUCHED });
  equal(code, 4);
  match(message, /running guests may be stopped/);
  deepEqual(warnings, [
    "this would stop or restart libvirtd.service, and these guests run: web, db",
  ]);
  // What cannot say what it would do may do anything.
  const silent = await asked({ guests: "web\\n", dry: "pre-switch check failed", dryCode: 1 });
  equal(silent.code, 4);
  match(silent.warnings[0]!, /^the dry activation does not say what would be restarted/);
});

Deno.test("requireGuestsUntouched() goes on where somebody says so, and warns all the same", async () => {
  const allowed = await asked({ guests: "web\\n", dry: TOUCHED, allowed: true });
  deepEqual([allowed.code, allowed.warnings.length], [undefined, 1]);
  const yes = await asked({ guests: "web\\n", dry: TOUCHED, answer: true });
  deepEqual([yes.code, yes.warnings.length], [undefined, 1]);
  const no = await asked({ guests: "web\\n", dry: TOUCHED, answer: false });
  deepEqual([no.code, no.message], [1, "nothing was activated: guests run"]);
});
