import { equal, match } from "node:assert/strict";
import { encodeHostRecord } from "../../../lib/machine/host_record.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import { type Answer, answering, look } from "../look.ts";

const FOLDER = "etc/hypervisor/configuration";
const HOST = "etc/hypervisor/host";
const record = (layout: "native" | "published") => ({
  [`${FOLDER}/host.json`]: encodeHostRecord({
    version: 2,
    hostName: "h",
    system: "x86_64-linux",
    base: null,
    tools: null,
    layout,
  }),
});
const NATIVE = {
  ...record("native"),
  "etc/hypervisor/src/flake.nix": "import ./nix/host.nix",
  "etc/hypervisor/src/nix/host.nix": Deno.readTextFileSync(
    new URL("../../../nix/host.nix", import.meta.url),
  ),
  [`${FOLDER}/hardware-local.nix`]: "{ }",
  [`${FOLDER}/users-local.nix`]: "{ }",
  [`${FOLDER}/system-local.nix`]: "{ }",
};
const MODULES = [
  "hardware-local.nix",
  "users-local.nix",
  "system-local.nix",
  "local.nix",
  "machine.nix",
];
const COPY = "hardware-configuration.nix";
const PUBLISHED = {
  ...record("published"),
  "etc/hypervisor/src/flake.nix": "{ }",
  [`${HOST}/flake.nix`]: [...MODULES, COPY].join(" "),
  [`${HOST}/${COPY}`]: "{ a = 1; }",
  [`etc/nixos/${COPY}`]: "{ a = 1; }",
};

type Files = Readonly<Record<string, ScratchEntry>>;
const without = (files: Files, path: string): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));

async function expectFinding(
  id: string,
  files: Files,
  answer: Answer,
  status: string,
  says: RegExp,
): Promise<void> {
  await withScratch(files, async (root) => {
    const ctx = answering(testContext({ root }), { "nix-instantiate": answer });
    const found = await look(id, ctx).catch((error) => ({
      status: "fail",
      detail: (error as Error).message,
      remedy: undefined,
    }));
    equal(found.status, status, found.detail);
    match(`${found.detail} ${found.remedy}`, says);
  });
}

const lix = (attrs: Record<string, unknown>, type = "ExprSet") =>
  JSON.stringify({ _type: type, attrs, recursive: false }, null, 2) + "\n";
const LAMBDA = { _type: "ExprLambda", body: { _type: "ExprVar", value: "x" } };

/** What releases of Nix print of a flake that they parsed. */
const PARSED: Readonly<Record<string, readonly [Answer, string, RegExp]>> = {
  "Nix": ["{ inputs = { }; outputs = ({ nixpkgs, self, ... }: { }); }\n", "pass", /has outputs/],
  "Nix, with a name for all inputs": ["{ outputs = (inputs: { }); }\n", "pass", /has outputs/],
  "Lix, which prints JSON": [lix({ inputs: {}, outputs: LAMBDA }), "pass", /has outputs/],
  "no outputs": [
    "{ inputs = { outputs = { }; }; }\n",
    "fail",
    /no outputs.*smart-sync --force-full/,
  ],
  "no outputs, of Lix": [
    lix({ inputs: { _type: "ExprSet", attrs: { outputs: LAMBDA } } }),
    "fail",
    /no outputs/,
  ],
  "a function": ["({ ... }: { })\n", "fail", /not an attribute set/],
  "a function, of Lix": [lix({}, "ExprLambda"), "fail", /not an attribute set/],
  "no Nix": [
    { code: 1, stderr: "error: syntax error, unexpected end of file\n" },
    "fail",
    /syntax error/,
  ],
};

for (const [what, [answer, status, says]] of Object.entries(PARSED)) {
  Deno.test(`flake-syntax and ${what}: ${status}`, () =>
    expectFinding("flake-syntax", NATIVE, answer, status, says));
}

Deno.test("flake-syntax of a published tree reads the host's own flake", () =>
  expectFinding(
    "flake-syntax",
    PUBLISHED,
    "{ outputs = 1; }",
    "fail",
    /\/host\/flake\.nix has no outputs.*system-installer/,
  ));

const IMPORTS: Readonly<Record<string, readonly [Files, string, RegExp]>> = {
  "our own tree": [NATIVE, "pass", /imports 5 modules/],
  "a flake of something else": [
    { ...NATIVE, "etc/hypervisor/src/flake.nix": "{ outputs = { }; }" },
    "fail",
    /has no host for this machine.*smart-sync --force-full/,
  ],
  "a host without users": [
    {
      ...NATIVE,
      "etc/hypervisor/src/nix/host.nix":
        "hardware-local.nix system-local.nix local.nix hardware-configuration.nix",
    },
    "fail",
    /does not import users-local\.nix/,
  ],
  "no host.nix": [
    without(NATIVE, "etc/hypervisor/src/nix/host.nix"),
    "fail",
    /does not import hardware-local/,
  ],
  "a published tree": [PUBLISHED, "pass", /host\/flake\.nix imports 6 modules/],
  "a hardware file that was made anew": [
    { ...PUBLISHED, [`etc/nixos/${COPY}`]: "{ a = 2; }" },
    "fail",
    /built with \S+\/host\/hardware-configuration\.nix, which is not the machine's .*cp \S+nixos\S+ \S+host\S+$/,
  ],
  "a copy that is gone": [
    without(PUBLISHED, `${HOST}/${COPY}`),
    "fail",
    /which is not the machine's/,
  ],
  "an owner without one": [without(PUBLISHED, `etc/nixos/${COPY}`), "pass", /imports/],
};

for (const [what, [files, status, says]] of Object.entries(IMPORTS)) {
  Deno.test(`module-imports and ${what}: ${status}`, () =>
    expectFinding("module-imports", files, "", status, says));
}

const WRONG: Answer = { code: 1, stderr: "error: syntax error, unexpected '}'\n" };
const GENERATED: Readonly<Record<string, readonly [Files, Answer, string, RegExp]>> = {
  "all of them": [
    NATIVE,
    "{ }",
    "pass",
    /^hardware-local\.nix, users-local\.nix, system-local\.nix parse/,
  ],
  "the owner's too": [
    { ...NATIVE, [`${FOLDER}/local.nix`]: "{ }" },
    "{ }",
    "pass",
    /, local\.nix parse/,
  ],
  "a missing one": [
    without(NATIVE, `${FOLDER}/users-local.nix`),
    "{ }",
    "fail",
    /^missing in \S+: users-local\.nix/,
  ],
  "no host.json": [
    without(NATIVE, `${FOLDER}/host.json`),
    "{ }",
    "fail",
    /host\.json.*system-installer writes/,
  ],
  "one that leads nowhere": [
    { ...NATIVE, [`${FOLDER}/users-local.nix`]: { link: "/gone" } },
    "{ }",
    "fail",
    /users-local\.nix/,
  ],
  "one that does not parse": [NATIVE, WRONG, "fail", /syntax error/],
};

for (const [what, [files, answer, status, says]] of Object.entries(GENERATED)) {
  Deno.test(`generated-modules and ${what}: ${status}`, () =>
    expectFinding("generated-modules", files, answer, status, says));
}
