import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { type Base, findBase } from "../../../lib/nix/evaluation/base.ts";
import { describeSource } from "../../../lib/nix/evaluation/configuration_source.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import { testContext } from "../../support/context.ts";
import { hasNix, isRoot } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { scratchMachine } from "../../support/scratch_machine.ts";

const flakeWith = (hosts: string) =>
  `{ outputs = { self }: { nixosConfigurations = { ${hosts} }; }; }`;

/** The base of a machine below a folder, which must have one. */
async function baseOf(root: string, named?: string): Promise<Base> {
  return await findBase(testContext({ root }), named);
}

async function reasonOf(root: string): Promise<string> {
  const found = findBase(testContext({ root, env: { NIX_PATH: "" } }));
  return await found.then(() => "found", (error) => {
    ok(error instanceof ToolError);
    return error.message;
  });
}

const CHANNELS = "/nix/var/nix/profiles/per-user/root/channels";

Deno.test("findBase() takes configuration.nix with the channels of the system, not the caller's", async () => {
  using machine = scratchMachine("uefi");
  // A login shell puts its user's channels first; the installation medium has its own.
  const ctx = testContext({ root: machine.root, env: { NIX_PATH: "nixpkgs=/medium" } });
  const found = await findBase(ctx);
  deepStrictEqual(found.record, {
    kind: "channel",
    configuration: "/etc/nixos/configuration.nix",
    searchPath: [
      `nixpkgs=${CHANNELS}/nixos`,
      "nixos-config=/etc/nixos/configuration.nix",
      CHANNELS,
    ],
  });
  ok(found.source.kind === "channel");
  strictEqual(found.source.nixPath.split(":")[0], `nixpkgs=${machine.nixpkgs}`);
  strictEqual(describeSource(ctx, found.source), "/etc/nixos/configuration.nix");
});

Deno.test("findBase() takes NIX_PATH and nixos-config from what the system sets for its shells", async () => {
  using machine = scratchMachine("uefi");
  machine.write(
    "/etc/set-environment",
    `export EDITOR="nano"\nexport NIX_PATH="nixpkgs=${CHANNELS}/nixos:nixos-config=/srv/machine"\n`,
  );
  machine.write("/srv/machine/default.nix", "{ }\n");
  const { record } = await baseOf(machine.root);
  deepStrictEqual(record, {
    kind: "channel",
    configuration: "/srv/machine/default.nix",
    searchPath: [`nixpkgs=${CHANNELS}/nixos`, "nixos-config=/srv/machine"],
  });
});

Deno.test("findBase() takes a named folder's configuration.nix, else its default.nix", async () => {
  using machine = scratchMachine("uefi");
  machine.write("/srv/hosts/gate/default.nix", "{ }\n");
  const file = async (folder: string) => {
    const { record } = await baseOf(machine.root, folder);
    return record.kind === "channel" && record.configuration;
  };
  strictEqual(await file("/srv/hosts/gate"), "/srv/hosts/gate/default.nix");
  machine.write("/srv/hosts/gate/configuration.nix", "{ }\n");
  strictEqual(await file("/srv/hosts/gate"), "/srv/hosts/gate/configuration.nix");
  await rejects(
    baseOf(machine.root, "/srv/hosts"),
    /no configuration at \/srv\/hosts\/configuration\.nix/,
  );
});

Deno.test("findBase() follows links of a mounted machine inside it: a linked configuration.nix, channels beside nixos", async () => {
  using machine = scratchMachine("uefi");
  machine.write("/home/alice/machines/workbench.nix", "{ }\n");
  Deno.removeSync(machine.host("/etc/nixos/configuration.nix"));
  const link = machine.host("/etc/nixos/configuration.nix");
  Deno.symlinkSync("/home/alice/machines/workbench.nix", link);
  const channels = machine.host(CHANNELS);
  const environment = machine.root + Deno.readLinkSync(`${channels}-1-link`);
  machine.write("/nix/store/00000000000000000000000000000000-home-manager/default.nix", "{ }\n");
  Deno.symlinkSync(
    "/nix/store/00000000000000000000000000000000-home-manager",
    `${environment}/home-manager`,
  );
  const found = await baseOf(machine.root);
  ok(found.record.kind === "channel" && found.source.kind === "channel");
  strictEqual(found.record.configuration, "/home/alice/machines/workbench.nix");
  strictEqual(found.source.configuration, machine.host("/home/alice/machines/workbench.nix"));
  const entry = found.source.nixPath.split(":").find((entry) => entry.startsWith("home-manager="));
  strictEqual(
    entry,
    `home-manager=${machine.root}/nix/store/00000000000000000000000000000000-home-manager`,
  );
});

Deno.test({
  name: "findBase() follows a linked flake.nix inside the root and takes the host's own name",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "etc/hostname": "beta\n",
      "srv/machines/flake.nix": flakeWith("alpha = 1; beta = 2;"),
      "etc/nixos/flake.nix": { link: "/srv/machines/flake.nix" },
      "etc/nixos/configuration.nix": "{ }",
    }, async (folder) => {
      const root = Deno.realPathSync(folder);
      const directory = `${root}/srv/machines`;
      const found = await baseOf(root);
      deepStrictEqual(found.source, {
        kind: "flake",
        flake: { url: `path:${directory}`, directory },
        host: "beta",
      });
      deepStrictEqual(found.record, {
        kind: "flake",
        url: "path:/srv/machines",
        host: "beta",
        directory: "/srv/machines",
      });
    }),
});

Deno.test({
  name:
    "findBase() takes no link to our own tree for the owner's flake, and the base that host.json names",
  ignore: !hasNix,
  fn: async () => {
    using machine = scratchMachine("uefi");
    machine.write("/etc/hypervisor/src/flake.nix", flakeWith("workbench = 1;"));
    Deno.symlinkSync("/etc/hypervisor/src/flake.nix", machine.host("/etc/nixos/flake.nix"));
    const first = await baseOf(machine.root);
    strictEqual(
      first.record.kind === "channel" && first.record.configuration,
      "/etc/nixos/configuration.nix",
    );
    const base = { kind: "channel", configuration: "/srv/machine.nix", searchPath: ["nixpkgs=/x"] };
    machine.write(
      "/etc/hypervisor/configuration/host.json",
      JSON.stringify({ version: 2, hostName: "new", system: "x86_64-linux", base, tools: null }),
    );
    const second = await baseOf(machine.root);
    deepStrictEqual([second.record, second.foundBy], [base, "host.json"]);
    // What is named wins.
    const third = await baseOf(machine.root, "/etc/nixos/configuration.nix");
    deepStrictEqual([third.record, third.foundBy], [first.record, "--config"]);
    for (
      const [named, nothing] of [["/srv/none", "/srv/none"], ["/etc", "/etc/configuration.nix"]]
    ) {
      await rejects(baseOf(machine.root, named), {
        code: ExitCode.InvalidArguments,
        message: `there is no configuration at ${nothing}, which --config names`,
      });
    }
  },
});

Deno.test({
  name: "findBase() takes a named folder with ?submodules=1, in the mounted machine's checkout",
  ignore: !hasNix,
  fn: async () => {
    using machine = scratchMachine("uefi");
    machine.write("/srv/machine/flake.nix", flakeWith("only = 1;"));
    const git = async (...args: string[]) =>
      await testContext().run("git", ["-C", machine.host("/srv/machine"), ...args]);
    await git("init", "-q");
    await git("add", ".");
    await git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "x");
    const { record } = await baseOf(machine.root, "/srv/machine?submodules=1");
    deepStrictEqual(record, {
      kind: "flake",
      url: "git+file:///srv/machine?submodules=1",
      host: "only",
      directory: "/srv/machine",
      checkout: "/srv/machine",
    });
  },
});

Deno.test({
  name:
    "findBase() takes the only host, the named one, and says it when none of several has the name",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "one/etc/nixos/flake.nix": flakeWith("alpha = 1;"),
      "two/etc/nixos/flake.nix": flakeWith("alpha = 1; beta = 2;"),
      "two/etc/hostname": "gamma\n",
    }, async (folder) => {
      const host = ({ record }: Base) => record.kind === "flake" ? record.host : undefined;
      strictEqual(host(await baseOf(`${folder}/one`)), "alpha");
      ok(
        /several hosts and none is named as this machine: alpha, beta/.test(
          await reasonOf(`${folder}/two`),
        ),
      );
      strictEqual(host(await baseOf(`${folder}/two`, "/etc/nixos#beta")), "beta");
    }),
});

Deno.test({
  name: "findBase() says why there is none",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "empty/etc/": "",
      "channelless/etc/nixos/configuration.nix": "{ }",
      "hostless/etc/nixos/flake.nix": flakeWith(""),
      "broken/etc/nixos/flake.nix": "{ outputs = ",
    }, async (folder) => {
      const reason = (name: string) => reasonOf(`${folder}/${name}`);
      ok(/neither .*flake\.nix nor .*configuration\.nix/.test(await reason("empty")));
      ok(/no channel/.test(await reason("channelless")));
      ok(/has no nixosConfigurations/.test(await reason("hostless")));
      ok(/syntax error/.test(await reason("broken")));
    }),
});

Deno.test({
  name:
    "findBase() names a checkout as nixos-rebuild does, and reads one of another user's as root",
  ignore: !hasNix || !isRoot,
  fn: async () => {
    using machine = scratchMachine("flake", { git: true });
    const folder = machine.host("/etc/nixos");
    await new Deno.Command("chown", { args: ["-R", "1000:100", folder] }).output();
    const { record, source } = await baseOf(machine.root);
    deepStrictEqual(record.kind === "flake" && [record.url, record.checkout], [
      "git+file:///etc/nixos",
      "/etc/nixos",
    ]);
    const facts = await readConfiguration(testContext({ root: machine.root }), source);
    strictEqual(facts.hostName, "starling");
  },
});

Deno.test({
  name: "readConfiguration() shows a flake's host the root, its own environment and other inputs",
  ignore: !hasNix,
  fn: async () => {
    using machine = scratchMachine("flake");
    machine.write(
      "/srv/flake/flake.nix",
      `{
        inputs.nixpkgs.url = "path:/nowhere";
        outputs = { self, nixpkgs }: {
          nixosConfigurations."a.b" = nixpkgs.lib.nixosSystem { system = "x86_64-linux"; modules = [ {
            networking.hostName = builtins.getEnv "NAME";
            environment.etc = { };
            services.openssh.extraConfig = builtins.getEnv "HYPERVISOR_ROOT";
          } ]; };
        };
      }`,
    );
    const facts = await readConfiguration(testContext({ root: machine.root }), {
      kind: "flake",
      flake: {
        url: `path:${machine.root}/srv/flake`,
        inputs: { nixpkgs: `path:${machine.nixpkgs}` },
      },
      host: "a.b",
      env: { NAME: "staged" },
    });
    deepStrictEqual([facts.hostName, facts.ssh.extraConfig], ["staged", machine.root]);
  },
});

Deno.test("findBase() goes on with what a host without a base was made from, whatever that host's own NIX_PATH is", async () => {
  using machine = scratchMachine("uefi");
  const { record } = await baseOf(machine.root);
  const host = { version: 2, hostName: "a", system: "x86_64-linux", base: null, tools: null };
  const write = (carriedFrom: unknown) =>
    machine.write(
      "/etc/hypervisor/configuration/host.json",
      JSON.stringify({ ...host, carriedFrom }),
    );
  machine.write("/etc/set-environment", 'export NIX_PATH="nixpkgs=flake:nixpkgs"\n');
  write(record);
  const again = await baseOf(machine.root);
  deepStrictEqual(again.record, record);
  strictEqual(again.foundBy, "host.json");
  // Which may be gone: such a host does without it.
  write({ ...record, configuration: "/etc/nixos/gone.nix" });
  strictEqual((await baseOf(machine.root)).foundBy, "as nixos-rebuild finds it");
});
