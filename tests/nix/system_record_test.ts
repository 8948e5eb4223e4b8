import { deepEqual, equal } from "node:assert/strict";
import { recordSystem, systemRecord } from "../../lib/nix/system_record.ts";
import { testContext } from "../support/context.ts";
import { configurationFacts } from "../support/facts.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

function withMachine(test: (root: string) => void): void {
  const root = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${root}/nix/store/aaa-nixos-system-one`, { recursive: true });
    Deno.mkdirSync(`${root}/nix/store/bbb-nixos-system-two`, { recursive: true });
    test(root);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const record = (toplevel: string) => ({
  toplevel,
  flake: "path:/etc/hypervisor/src",
  host: "starling",
  commit: COMMIT,
  facts: configurationFacts(),
});

Deno.test("systemRecord() gives back what was recorded of each system, readable by root only", () => {
  withMachine((root) => {
    const ctx = testContext({ root, now: () => new Date("2026-11-24T08:00:00Z") });
    recordSystem(ctx, record("/nix/store/aaa-nixos-system-one"));
    recordSystem(ctx, { ...record("/nix/store/bbb-nixos-system-two"), commit: null, facts: null });
    const one = systemRecord(ctx, "/nix/store/aaa-nixos-system-one");
    deepEqual([one?.commit, one?.activated], [COMMIT, "2026-11-24T08:00:00.000Z"]);
    deepEqual(one?.facts, configurationFacts());
    equal(systemRecord(ctx, "/nix/store/bbb-nixos-system-two")?.commit, null);
    equal(systemRecord(ctx, "/nix/store/ccc-nixos-system-three"), undefined);
    const path = `${root}/var/lib/hyper-nixos/systems/aaa-nixos-system-one.json`;
    equal(Deno.statSync(path).mode! & 0o777, 0o600);
  });
});

Deno.test("recordSystem() forgets systems that are no longer in the store", () => {
  withMachine((root) => {
    const ctx = testContext({ root });
    recordSystem(ctx, record("/nix/store/aaa-nixos-system-one"));
    Deno.removeSync(`${root}/nix/store/aaa-nixos-system-one`);
    recordSystem(ctx, record("/nix/store/bbb-nixos-system-two"));
    equal(systemRecord(ctx, "/nix/store/aaa-nixos-system-one"), undefined);
    equal(systemRecord(ctx, "/nix/store/bbb-nixos-system-two")?.host, "starling");
  });
});

Deno.test("recordSystem() leaves alone what another process is writing", () => {
  withMachine((root) => {
    const ctx = testContext({ root });
    recordSystem(ctx, record("/nix/store/aaa-nixos-system-one"));
    const temporary = `${root}/var/lib/hyper-nixos/systems/.bbb-nixos-system-two.json.01.tmp`;
    Deno.writeTextFileSync(temporary, "");
    recordSystem(ctx, record("/nix/store/aaa-nixos-system-one"));
    equal(Deno.statSync(temporary).isFile, true);
  });
});

Deno.test("systemRecord() takes a damaged or later record for none", () => {
  withMachine((root) => {
    const ctx = testContext({ root });
    recordSystem(ctx, record("/nix/store/aaa-nixos-system-one"));
    const path = `${root}/var/lib/hyper-nixos/systems/aaa-nixos-system-one.json`;
    for (const text of ["", "{", '{"version":2}', "null"]) {
      Deno.writeTextFileSync(path, text);
      equal(systemRecord(ctx, "/nix/store/aaa-nixos-system-one"), undefined);
    }
  });
});
