import { deepStrictEqual, rejects, throws } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { hostsOf, requireHost } from "../../../lib/nix/flakes/flake_hosts.ts";
import { resolveFlake } from "../../../lib/nix/flakes/flake_reference.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test({
  name: "hostsOf() names the hosts, those too that only --impure shows",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "etc/nixos/flake.nix": `{ outputs = { self }: { nixosConfigurations =
        { "a.b" = throw "unread"; z = 1; }
        // (if builtins ? currentSystem then { \${builtins.getEnv "HYPERVISOR_ROOT"} = 1; } else { });
      }; }`,
    }, async (folder) => {
      const root = Deno.realPathSync(folder);
      const ctx = testContext({ root });
      deepStrictEqual(await hostsOf(ctx, resolveFlake(ctx, "/etc/nixos")), [root, "a.b", "z"]);
    }),
});

Deno.test({
  name: "hostsOf() is empty for a flake without hosts, and an error for a broken one",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "none/flake.nix": "{ outputs = { self }: { }; }",
      "broken/flake.nix": '{ outputs = { self }: { nixosConfigurations = throw "no"; }; }',
    }, async (folder) => {
      const ctx = testContext();
      deepStrictEqual(await hostsOf(ctx, resolveFlake(ctx, `${folder}/none`)), []);
      await rejects(
        hostsOf(ctx, resolveFlake(ctx, `${folder}/broken`)),
        (error) => error instanceof ToolError && error.code === ExitCode.Configuration,
      );
    }),
});

Deno.test({
  name: "hostsOf() of the running machine shows no other root to the flake",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "flake.nix":
        '{ outputs = { self }: { nixosConfigurations."at ${builtins.getEnv "HYPERVISOR_ROOT"}" = 1; }; }',
    }, async (folder) => {
      const ctx = testContext({ env: { HYPERVISOR_ROOT: "/elsewhere" } });
      deepStrictEqual(await hostsOf(ctx, resolveFlake(ctx, folder)), ["at "]);
    }),
});

Deno.test("requireHost() names the hosts there are, the nearest first", () => {
  const flake = { url: "path:/etc/nixos" };
  requireHost(flake, ["alpha", "beta"], "beta");
  const hint = (hosts: string[], name: string) => {
    let found: string | undefined;
    throws(() => requireHost(flake, hosts, name), (error) => {
      if (error instanceof ToolError && error.code === ExitCode.Configuration) found = error.hint;
      return true;
    });
    return found;
  };
  deepStrictEqual(
    [hint(["alpha", "beta"], "bata"), hint(["alpha", "beta"], "zzzzz")],
    ["did you mean beta? It has: alpha, beta", "it has: alpha, beta"],
  );
});
