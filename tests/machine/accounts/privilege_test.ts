import assert from "node:assert/strict";
import { elevation, needsRootError } from "../../../lib/machine/accounts/privilege.ts";
import type { ToolError } from "../../../lib/machine/tool_error.ts";
import { createRunner } from "../../../lib/machine/run.ts";
import { demo } from "../../support/demo.ts";
import { hasSetpriv, hasTmux } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { standIns } from "../../support/stand_ins.ts";
import { openToolTerminal } from "../../support/terminal.ts";

const nothing = new AbortController().signal;
const env = { GITHUB_TOKEN: "secret", NIX_PATH: "x", EDITOR: "vi" };

async function withPrograms(
  names: readonly string[],
  test: (run: ReturnType<typeof createRunner>) => void,
): Promise<void> {
  const modes = names.map((name) => [`bin/${name}`, name === "run0" ? 0o755 : 0o4755] as const);
  await withFolders(Object.fromEntries(modes), ["bin"], test);
}

/** Programs with these modes, in folders of a PATH. */
async function withFolders(
  modes: Readonly<Record<string, number>>,
  folders: readonly string[],
  test: (run: ReturnType<typeof createRunner>, folder: string) => void,
): Promise<void> {
  const files = Object.fromEntries(Object.keys(modes).map((name) => [name, "#!/bin/sh\n"]));
  await withScratch(files, (folder) => {
    for (const [name, mode] of Object.entries(modes)) Deno.chmodSync(`${folder}/${name}`, mode);
    const PATH = folders.map((name) => `${folder}/${name}`).join(":");
    test(createRunner({ PATH }, nothing), folder);
  });
}

Deno.test("elevation() takes sudo first, naming the variables to keep and never their values", async () => {
  await withPrograms(["run0", "doas", "sudo"], (run) => {
    const found = elevation(run, env, ["--action", "build"]);
    assert.equal(found?.command, "sudo");
    assert.equal(found.args[0], "--preserve-env=GITHUB_TOKEN,NIX_PATH");
    assert.deepEqual(found.args.slice(1, 3), ["--", Deno.execPath()]);
    assert.deepEqual(found.args.slice(-2), ["--action", "build"]);
    assert.doesNotMatch(found.args.join(" "), /secret/);
  });
});

Deno.test("elevation() falls back to doas and run0", async () => {
  await withPrograms(["run0", "doas"], (run) => {
    assert.equal(elevation(run, env, [])?.command, "doas");
  });
  await withPrograms(["run0"], (run) => {
    const found = elevation(run, env, []);
    assert.equal(found?.command, "run0");
    assert.deepEqual(found.args.slice(0, 3), ["--setenv=GITHUB_TOKEN", "--setenv=NIX_PATH", "--"]);
  });
  await withPrograms([], (run) => assert.equal(elevation(run, env, []), undefined));
});

Deno.test("elevation() passes over a sudo without the setuid bit, and names it where nothing works", async () => {
  const wrapped = { "profile/sudo": 0o755, "wrappers/sudo": 0o4755, "profile/doas": 0o4755 };
  await withFolders(wrapped, ["profile", "wrappers"], (run, folder) => {
    assert.equal(elevation(run, env, [])?.command, `${folder}/wrappers/sudo`);
  });
  await withFolders(wrapped, ["wrappers", "profile"], (run) => {
    assert.equal(elevation(run, env, [])?.command, "sudo");
  });
  await withFolders({ ...wrapped, "wrappers/run0": 0o755 }, ["profile"], (run) => {
    assert.equal(elevation(run, env, [])?.command, "doas");
  });
  await withFolders({ "bin/sudo": 0o755, "bin/run0": 0o755 }, ["bin"], (run) => {
    assert.equal(elevation(run, env, [])?.command, "run0");
  });
  await withFolders({ "bin/sudo": 0o755 }, ["bin"], (run, folder) => {
    assert.equal(elevation(run, env, []), undefined);
    assert.equal(
      needsRootError(run, undefined).hint,
      `run it as root; ${folder}/bin/sudo has no setuid bit, without which it makes nobody root; ` +
        "neither sudo, doas nor run0 was found that works",
    );
  });
});

Deno.test("elevation() starts the Nix wrapper when there is one, and no other program", async () => {
  await withPrograms(["doas"], (run) => {
    const wrapper = "/nix/store/0000-hyper-nixos/bin/validator";
    const start = (path: string) =>
      elevation(run, { ...env, HYPERVISOR_EXECUTABLE: path }, ["--fix"])?.args;
    assert.deepEqual(start(wrapper), ["--", wrapper, "--fix"]);
    for (
      const path of [
        "/tmp/evil",
        "/nix/store/../../tmp/evil/bin/tool",
        "/nix/store/0000-x/../../../tmp/bin/tool",
        "/nix/store/0000-x/bin/../../../../tmp/tool",
        "/nix/store/../bin/tool",
        "/nix/store/0000-x/bin/..",
      ]
    ) assert.equal(start(path)?.[1], Deno.execPath(), path);
  });
});

Deno.test("elevation() starts the stick's launcher, unless others could write it", async () => {
  await withPrograms(["sudo"], (run) => {
    withLauncher((launcher, folder) => {
      const start = () => elevation(run, { HYPERVISOR_LAUNCHER: launcher }, ["--fix"])?.args;
      assert.deepEqual(start(), ["--", "/bin/sh", launcher, "--fix"]);
      for (
        const [path, mode, closed] of [[folder, 0o777, 0o755], [launcher, 0o775, 0o755]] as const
      ) {
        Deno.chmodSync(path, mode);
        assert.throws(start, (error: ToolError) => {
          assert.equal(error.code, 3);
          assert.match(error.hint ?? "", /folder of your own.*can be written by/);
          return !error.hint?.includes("sudo");
        });
        Deno.chmodSync(path, closed);
      }
      Deno.removeSync(launcher);
      assert.throws(start, /needs root/, "its folder may be anyone's by now");
    });
  });
});

Deno.test("elevation() keeps every proxy variable that a request looks at", async () => {
  const proxies = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];
  const names = [...proxies, ...proxies.map((name) => name.toLowerCase())];
  await withPrograms(["sudo"], (run) => {
    const args = elevation(run, Object.fromEntries(names.map((name) => [name, "x"])), [])!.args;
    assert.deepEqual(args[0]!.replace("--preserve-env=", "").split(",").sort(), names.sort());
  });
});

function withLauncher(test: (launcher: string, folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.chmodSync(folder, 0o755);
    Deno.writeTextFileSync(`${folder}/validator`, "#!/bin/sh\n");
    Deno.chmodSync(`${folder}/validator`, 0o755);
    test(`${folder}/validator`, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("needsRootError() has exit 3 and the line to type, or says what is missing", async () => {
  await withPrograms([], (run) => {
    const error = needsRootError(run, { command: "sudo", args: ["--", "/a b/tool", "--fix"] });
    assert.equal(error.code, 3);
    assert.equal(error.hint, "run: sudo -- '/a b/tool' --fix");
    assert.equal(
      needsRootError(run, undefined).hint,
      "run it as root; neither sudo, doas nor run0 was found",
    );
  });
});

Deno.test("a tool that needs root starts itself again through sudo, when the person says so", {
  ignore: !hasTmux || !hasSetpriv,
}, async () => {
  using programs = standIns({ only: [], elevating: 65534 });
  const options = {
    uid: 65534,
    standIns: programs.folder,
    env: { GITHUB_TOKEN: "secret", LD_PRELOAD_X: "dropped" },
  };
  const args = ["--as-root", "--do", "environment", "--no-log"];
  {
    await using terminal = await openToolTerminal(demo, args, options);
    await terminal.waitFor(/needs root\. Go on with sudo\?/);
    await terminal.send("n");
    await terminal.waitFor(/next: run: sudo/);
    assert.equal(await terminal.exitCode(), 3);
    assert.deepEqual(programs.calls(), []);
  }
  await using terminal = await openToolTerminal(demo, args, options);
  await terminal.waitFor(/needs root\. Go on with sudo\?/);
  await terminal.send("Enter");
  assert.equal(await terminal.exitCode(), 0);
  assert.match(await terminal.screen(), /HOME=\/root/);
  const [call] = programs.calls("sudo");
  assert.equal(call?.args[0], "--preserve-env=GITHUB_TOKEN,NIX_CONFIG");
  assert.deepEqual(call.args.slice(-4), args);
});
