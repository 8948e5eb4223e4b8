import { deepEqual, equal, match, ok } from "node:assert/strict";
import { style } from "../../lib/layout/style.ts";
import { Screen, wantedRendering } from "../../lib/program/output.ts";
import { withScratch } from "../support/scratch_files.ts";

const MODULE = new URL("../../lib/program/output.ts", import.meta.url).href;

/** Runs a script in which `screen` is one without colour, with its streams where the shell puts them. */
async function onScreen(script: string, redirections: string) {
  let result = { code: -1, stdout: "", stderr: "", file: "" };
  await withScratch({ "file": "" }, async (folder) => {
    const text = `import { Screen } from ${JSON.stringify(MODULE)};
      const screen = new Screen({ colour: false, plain: false });\n${script}`;
    Deno.writeTextFileSync(`${folder}/script.ts`, text);
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", `exec "$0" run -A --no-config --no-lock "$1/script.ts" ${redirections}`]
        .concat(Deno.execPath(), folder),
    }).output();
    const decoder = new TextDecoder();
    result = {
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
      file: Deno.readTextFileSync(`${folder}/file`),
    };
  });
  return result;
}

/** Says at the end, by the exit code, what the screen thinks of its streams. */
const VERDICT = "\nDeno.exit(screen.stdoutFailure ? 3 : screen.isHeard ? 0 : 2);";

Deno.test("a Screen goes on when a stream is closed, gone or full, and knows why", async () => {
  const speak = 'screen.stdout("out\\n".repeat(50_000)); screen.stderr("err\\n");' +
    ' screen.exact("exact\\n"); screen.stderr("err again\\n");' + VERDICT;
  const errors = "err\nerr again\n";
  const cases = [
    ["", 0, errors],
    ['> "$1/file"', 0, errors],
    // The runtime puts /dev/null where nothing is.
    [">&-", 0, errors],
    [">/dev/full", 3, errors],
    ["| true", undefined, errors],
    ["2>&-", 0, ""],
    ["2>/dev/full", 2, ""],
    [">&- 2>&-", 0, ""],
  ] as const;
  for (const [redirections, code, stderr] of cases) {
    const result = await onScreen(speak, redirections);
    equal(result.stderr, stderr, redirections);
    if (code !== undefined) equal(result.code, code, redirections);
  }
});

Deno.test("a Screen writes all of a long text into a pipe that holds a part of it", async () => {
  const { code, file } = await onScreen(
    'screen.exact("x".repeat(3_000_000)); screen.stdout("end");',
    '| cat > "$1/file"',
  );
  equal(code, 0);
  equal(file.length, 3_000_003);
  ok(file.endsWith("xend"));
});

Deno.test("a Screen escapes what text holds, but not a program's own document", async () => {
  const { stdout, stderr } = await onScreen(
    'for (const way of ["stdout", "stderr", "exact"]) screen[way]("a\\x1b]0;x\\x07\\u202eb\\n");',
    "",
  );
  // deno-lint-ignore no-control-regex
  equal(/[\x1b\x07\u202e]/.test(stderr), false);
  const [escaped = "", exact = ""] = stdout.split("\n");
  // deno-lint-ignore no-control-regex
  equal(/[\x1b\x07\u202e]/.test(escaped), false);
  equal(exact, "a\x1b]0;x\x07\u202eb");
});

Deno.test("a Screen removes progress before anything else is written, and keeps it off a question", async () => {
  const { stdout, stderr } = await onScreen(
    'screen.redraw("1 of 2"); screen.stdout("line\\n"); screen.redraw("2 of 2");' +
      ' { using _held = screen.hold(); screen.redraw("over the question"); }' +
      ' screen.redraw("again"); screen.erase(); screen.erase();',
    "",
  );
  equal(stdout, "line\n");
  const clear = "\r\x1b[2K";
  deepEqual(stderr.split(clear), ["", "1 of 2", "", "2 of 2", "", "again", ""]);
});

Deno.test("wantedRendering() knows NO_COLOR only when it says something, and a terminal that cannot draw", () => {
  deepEqual(wantedRendering({}), { colour: true, plain: false });
  deepEqual(wantedRendering({ NO_COLOR: "" }), { colour: true, plain: false });
  deepEqual(wantedRendering({ NO_COLOR: "0" }), { colour: false, plain: false });
  deepEqual(wantedRendering({ TERM: "dumb" }), { colour: true, plain: true });
});

Deno.test("a Screen that is no terminal has no colour, 80 columns, and breaks no message", () => {
  if (Deno.stdout.isTerminal() || Deno.stderr.isTerminal()) return;
  const screen = new Screen({ colour: true, plain: false });
  equal(screen.colour, false);
  equal(screen.messageColumns("stdout"), Infinity);
  match(style.red("x"), /x/);
  ok(new Screen({ colour: true, plain: true }).columns < screen.columns, "words take more room");
});
