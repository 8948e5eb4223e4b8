/**
 * Asks real Nix what the demo's Nix stand-in answers, and writes it to answers/:
 *
 *     deno run -A tests/demo/record.ts
 *
 * To be run again when what the tools ask for changes; a test compares the answers where Nix is.
 */
import { runTool } from "../support/executable.ts";
import { hasCommand } from "../support/has_command.ts";
import { makeSource } from "../support/source.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { DEMO_MACHINE } from "./world.ts";

/** The files of answers/, with what Nix said. */
export type Answers = Readonly<Record<AnswerName, unknown>>;
type AnswerName = "before" | "after" | "facts" | "hosts" | "inputs";

const FOLDER = new URL("./answers/", import.meta.url);

/** The answers as they are in the repository. */
export async function storedAnswers(): Promise<Answers> {
  const read = async (name: AnswerName) =>
    JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, FOLDER)));
  return {
    before: await read("before"),
    after: await read("after"),
    facts: await read("facts"),
    hosts: await read("hosts"),
    inputs: await read("inputs"),
  };
}

/** Installs the demo's machine with real Nix, which writes down what it is asked and answers. */
export async function recordAnswers(): Promise<Answers> {
  using machine = scratchMachine("uefi", DEMO_MACHINE);
  using programs = standIns();
  const folder = await Deno.makeTempDir({ prefix: "record-" });
  try {
    makeSource(`${folder}/source`);
    for (const name of ["nix", "nix-instantiate"]) {
      await Deno.writeTextFile(`${programs.folder}/${name}`, recorder(name, folder), {
        mode: 0o755,
      });
    }
    const options = { root: machine.root, standIns: programs.folder };
    const source = ["--source", `${folder}/source`];
    for (
      const [tool, ...args] of [
        ["system-installer", ...source, "--action", "switch", "--skip-update-check", "--yes"],
        ["validator"],
      ] as const
    ) {
      const { code, stdout, stderr } = await runTool(tool, args, options);
      if (code !== 0) throw new Error(`${tool}: exit ${code}\n${stdout}\n${stderr}`);
    }
    const answer = (mark: string) => JSON.parse(Deno.readTextFileSync(`${folder}/${mark}`));
    return {
      before: answer("before"),
      after: answer("after"),
      facts: answer("facts"),
      hosts: answer("hosts"),
      inputs: answer("inputs"),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A program that passes everything on to the real one, and keeps the answers that matter. */
function recorder(name: string, folder: string): string {
  const real = (Deno.env.get("PATH") ?? "").split(":").map((part) => `${part}/${name}`)
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
  return `#!/bin/sh
question="$*"
case " $question " in
  *" - ") cat >${folder}/stdin.$$; question=$(cat ${folder}/stdin.$$); exec <${folder}/stdin.$$ ;;
esac
case "$1:$question" in
  eval:*builtins.attrNames) file=hosts ;;
  eval:*"{ facts ="*) file=after ;;
  eval:*) file=facts ;;
  --eval:*"import <nixpkgs/nixos>"*) file=before ;;
  --eval:*"/nix/host.nix"*) file=after ;;
  --eval:*inputs*) file=inputs ;;
  *) exec ${real} "$@" ;;
esac
${real} "$@" >${folder}/out.$$
code=$?
cp ${folder}/out.$$ ${folder}/$file
cat ${folder}/out.$$
exit $code
`;
}

if (import.meta.main) {
  if (!hasCommand("nix")) throw new Error("this needs Nix");
  for (const [name, value] of Object.entries(await recordAnswers())) {
    const text = JSON.stringify(value, null, 2) + "\n";
    await Deno.writeTextFile(new URL(`${name}.json`, FOLDER), text);
  }
}
