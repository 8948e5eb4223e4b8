import { deepEqual, equal, match } from "node:assert/strict";
import { NotLookedAt } from "../../../lib/validate/facts.ts";
import { CHECKS } from "../../../lib/validate/registry.ts";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { look } from "../look.ts";

const STATE = "var/lib/hyper-nixos";
const INSTALLED = { "etc/hypervisor/": "" };

interface Case {
  readonly files: Readonly<Record<string, ScratchEntry>>;
  readonly owned?: Readonly<Record<string, readonly [uid: number, mode: number]>>;
  readonly status: string;
  readonly says: RegExp;
  readonly after?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  "one that is root's alone": {
    files: { ...INSTALLED, [`${STATE}/`]: "" },
    owned: { [STATE]: [0, 0o700] },
    status: "pass",
    says: /0700 of root/,
  },
  "one that is missing": {
    files: { ...INSTALLED, "var/lib/": "" },
    status: "fail",
    says: /is missing/,
    after: "pass",
  },
  "one without an installation": {
    files: {},
    status: "skip",
    says: /not installed/,
    after: "skip",
  },
  "one that others look into": {
    files: { ...INSTALLED, [`${STATE}/`]: "" },
    owned: { [STATE]: [0, 0o750] },
    status: "fail",
    says: /others can look into it.*chmod 0700 .*or validator --fix/,
    after: "pass",
  },
  "one that even root may not write": {
    files: { ...INSTALLED, [`${STATE}/`]: "" },
    owned: { [STATE]: [0, 0o500] },
    status: "fail",
    says: /has mode 0500, not 0700/,
    after: "pass",
  },
  // What may have been put there is for a person to look at.
  "one that others write": {
    files: { ...INSTALLED, [`${STATE}/`]: "" },
    owned: { [STATE]: [0, 0o770] },
    status: "fail",
    says: /can be written by others than root.*look at what is in it/,
    after: "fail",
  },
  "one of another user": {
    files: { ...INSTALLED, [`${STATE}/`]: "" },
    owned: { [STATE]: [1000, 0o700] },
    status: "fail",
    says: /belongs to user 1000/,
    after: "fail",
  },
  "one below a folder that others write": {
    files: { ...INSTALLED, [`${STATE}/`]: "" },
    owned: { [STATE]: [0, 0o700], "var/lib": [0, 0o777] },
    status: "fail",
    says: /\/var\/lib can be written by others than root.*chmod 0755 /,
    after: "fail",
  },
  "a link in its place": {
    files: { ...INSTALLED, "data/": "", [STATE]: { link: "/data" } },
    status: "fail",
    says: /is not a folder/,
    after: "fail",
  },
  "/var on another disk": {
    files: { ...INSTALLED, "data/lib/hyper-nixos/": "", var: { link: "data" } },
    owned: { "data/lib/hyper-nixos": [0, 0o700] },
    status: "pass",
    says: /0700 of root/,
  },
};

for (const [what, { files, owned = {}, status, says, after }] of Object.entries(CASES)) {
  Deno.test({
    name: `state-folder and ${what}: ${status}`,
    ignore: !isRoot,
    fn: async () => {
      await withScratch(files, async (root) => {
        for (const [path, [uid, mode]] of Object.entries(owned)) {
          Deno.chownSync(`${root}/${path}`, uid, uid);
          Deno.chmodSync(`${root}/${path}`, mode);
        }
        const ctx = testContext({ root });
        const found = await looked(ctx);
        equal(found.status, status, found.detail);
        match(`${found.detail} ${found.remedy}`, says);
        if (after === undefined) return;
        await CHECKS.find(({ id }) => id === "state-folder")!.fix!(ctx);
        equal((await looked(ctx)).status, after);
      });
    },
  });
}

async function looked(ctx: Parameters<typeof look>[1]) {
  try {
    return await look("state-folder", ctx);
  } catch (error) {
    if (!(error instanceof NotLookedAt)) throw error;
    return { status: "skip", detail: error.message, remedy: undefined };
  }
}

Deno.test("state-folder makes nothing where nothing is installed", async () => {
  await withScratch({ "var/lib/": "" }, async (root) => {
    const ctx = testContext({ root });
    deepEqual(await CHECKS.find(({ id }) => id === "state-folder")!.fix!(ctx), []);
    deepEqual([...Deno.readDirSync(`${root}/var/lib`)], []);
  });
});
