import { equal, match } from "node:assert/strict";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";
import type { Finding } from "../../../lib/validate/check.ts";
import { answering, look } from "../look.ts";

const PIN = { type: "github", owner: "NixOS", repo: "nixpkgs" };
const SHA = "391b592eb44808b3bd0cb80bb71b63a5a118b8bb";
const lock = (
  inputs: Record<string, unknown>,
  original: unknown = { ...PIN, ref: "nixos-24.05" },
) =>
  JSON.stringify({
    version: 7,
    root: "root",
    nodes: { root: { inputs }, nixpkgs: { locked: { ...PIN, rev: SHA }, original } },
  });

/** What is found when flake.nix names these inputs, and flake.lock is this. */
async function found(inputs: unknown, text: string | undefined): Promise<Finding> {
  let finding: Finding | undefined;
  const tree = "etc/hypervisor/src";
  const files = {
    [`${tree}/flake.nix`]: "{ }",
    ...(text === undefined ? {} : { [`${tree}/flake.lock`]: text }),
  };
  await withScratch(files, async (root) => {
    const programs = { "nix-instantiate": JSON.stringify(inputs), nix: JSON.stringify(inputs) };
    finding = await look("flake-lock", answering(testContext({ root }), programs));
  });
  return finding!;
}

const URL = "github:NixOS/nixpkgs/nixos-24.05";
const CASES: Readonly<
  Record<string, readonly [inputs: unknown, lock: string | undefined, string, RegExp]>
> = {
  "the same": [{ nixpkgs: URL }, lock({ nixpkgs: "nixpkgs" }), "pass", /pins nixpkgs/],
  "no inputs": [{}, lock({}), "pass", /no inputs/],
  "none at all": [{ nixpkgs: URL }, undefined, "fail", /is missing/],
  "an empty one, after a power cut": [{ nixpkgs: URL }, "", "fail", /cannot be understood/],
  "marks of a merge": [
    { nixpkgs: URL },
    `<<<<<<< HEAD\n${lock({})}`,
    "fail",
    /cannot be understood/,
  ],
  "one without an input": [
    { nixpkgs: URL, other: URL },
    lock({ nixpkgs: "nixpkgs" }),
    "fail",
    /does not pin other/,
  ],
  "one with another input": [
    {},
    lock({ nixpkgs: "nixpkgs" }),
    "warn",
    /pins nixpkgs, which flake\.nix does not name/,
  ],
  "another branch": [
    { nixpkgs: "github:NixOS/nixpkgs/nixos-25.05" },
    lock({ nixpkgs: "nixpkgs" }),
    "fail",
    /another nixpkgs/,
  ],
  "another owner": [
    { nixpkgs: "github:me/nixpkgs/nixos-24.05" },
    lock({ nixpkgs: "nixpkgs" }),
    "fail",
    /another nixpkgs/,
  ],
  "a branch as a parameter": [
    { nixpkgs: "github:NixOS/nixpkgs?ref=nixos-24.05" },
    lock({ nixpkgs: "nixpkgs" }),
    "pass",
    /pins/,
  ],
  "another branch as a parameter": [
    { nixpkgs: "github:NixOS/nixpkgs?dir=x&ref=nixos-25.05" },
    lock({ nixpkgs: "nixpkgs" }),
    "fail",
    /another nixpkgs/,
  ],
  // Nix locks anew what flake.nix names otherwise than when it was locked.
  "a branch that flake.nix names no more": [
    { nixpkgs: "github:NixOS/nixpkgs" },
    lock({ nixpkgs: "nixpkgs" }),
    "fail",
    /another/,
  ],
  "no branch on either side": [
    { nixpkgs: "github:NixOS/nixpkgs" },
    lock({ nixpkgs: "nixpkgs" }, PIN),
    "pass",
    /pins/,
  ],
  "a commit": [
    { nixpkgs: `github:NixOS/nixpkgs/${SHA}` },
    lock({ nixpkgs: "nixpkgs" }, { ...PIN, rev: SHA }),
    "pass",
    /pins/,
  ],
  "a branch with slashes": [
    { nixpkgs: "github:NixOS/nixpkgs/feature/x" },
    lock({ nixpkgs: "nixpkgs" }, { ...PIN, ref: "feature/x" }),
    "pass",
    /pins/,
  ],
  "an input that follows another's": [
    { nixpkgs: URL, other: null },
    lock({ nixpkgs: "nixpkgs", other: ["nixpkgs"] }),
    "pass",
    /nixpkgs, other/,
  ],
  "another kind of URL": [
    { nixpkgs: "git+https://example.org/x" },
    lock({ nixpkgs: "nixpkgs" }),
    "pass",
    /pins/,
  ],
};

for (const [what, [inputs, text, status, says]] of Object.entries(CASES)) {
  Deno.test(`flake-lock and ${what}: ${status}`, async () => {
    const { detail, remedy, ...finding } = await found(inputs, text);
    equal(finding.status, status, detail);
    match(detail, says);
    if (status !== "pass") {
      match(remedy!, /smart-sync --force-full; your own changes: nix flake lock/);
    }
  });
}
