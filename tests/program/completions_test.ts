import assert from "node:assert/strict";
import { rebuildHelper } from "../../cmd/rebuild-helper.ts";
import { systemInstaller } from "../../cmd/system-installer.ts";
import { bashCompletion } from "../../lib/program/completions.ts";
import { optionWords } from "../../lib/program/option_words.ts";
import { allDocuments } from "../../nix/man.ts";
import { hasCommand, need } from "../support/needs.ts";

const hasBash = need(hasCommand("bash"), "bash is not installed: its completions are not tried");

/** What bash offers for the last of these words. */
function offered(script: string, words: readonly string[], cwd = "/"): string[] {
  const [tool = ""] = words;
  const code = `${script}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
compopt() { :; }
_${tool.replaceAll("-", "_")}
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { success, stdout, stderr } = new Deno.Command("bash", {
    args: ["-uc", code, "bash", ...words],
    cwd,
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

Deno.test("bashCompletion() offers every option", { ignore: !hasBash }, () => {
  const found = offered(bashCompletion(systemInstaller), ["system-installer", "--"]);
  assert.deepEqual(found, optionWords(systemInstaller).map(({ long }) => `--${long}`));
  assert.ok(found.includes("--no-force"));
});

Deno.test("bashCompletion() offers choices and operands that begin as typed", {
  ignore: !hasBash,
}, () => {
  const installer = bashCompletion(systemInstaller);
  assert.deepEqual(offered(installer, ["system-installer", "--action", ""]), [
    "build",
    "test",
    "switch",
  ]);
  assert.deepEqual(offered(installer, ["system-installer", "--hostname", "b"]), []);
  assert.deepEqual(offered(bashCompletion(rebuildHelper), ["rebuild-helper", "dry-"]), [
    "dry-build",
    "dry-activate",
  ]);
});

Deno.test("bashCompletion() offers what is handed on after --, and nothing of its own", {
  ignore: !hasBash,
}, () => {
  const helper = bashCompletion(rebuildHelper);
  assert.deepEqual(offered(helper, ["rebuild-helper", "switch", "--", "--o"]), [
    "--offline",
    "--option",
    "--override-input",
  ]);
  assert.deepEqual(offered(helper, ["rebuild-helper", "--", "--host", "--re"]), [
    "--refresh",
    "--repair",
  ]);
});

Deno.test("bashCompletion() keeps a path with spaces whole", { ignore: !hasBash }, () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/my source`);
    const words = ["system-installer", "--source", "my"];
    assert.deepEqual(offered(bashCompletion(systemInstaller), words, folder), ["my source"]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

for (
  const [shell, path] of [
    ["bash", (name: string) => `bash-completion/completions/${name}`],
    ["zsh", (name: string) => `zsh/site-functions/_${name}`],
    ["fish", (name: string) => `fish/vendor_completions.d/${name}.fish`],
  ] as const
) {
  const ignore = !need(hasCommand(shell), `${shell} is not installed: its completions are unread`);
  Deno.test(`completions of all tools are valid ${shell}`, { ignore }, () => {
    const file = Deno.makeTempFileSync();
    try {
      for (const [name, files] of Object.entries(allDocuments())) {
        Deno.writeTextFileSync(file, files[path(name)]!);
        const { success, stderr } = new Deno.Command(shell, { args: ["-n", file] }).outputSync();
        assert.ok(success, `${name}: ${new TextDecoder().decode(stderr)}`);
      }
    } finally {
      Deno.removeSync(file);
    }
  });
}
