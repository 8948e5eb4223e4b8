import assert from "node:assert/strict";
import { Narrator } from "./narrator.ts";
import { Interrupted, Player } from "./player.ts";
import { StoryError } from "./story_error.ts";

/** A player whose tools are the shell's `true` and `false`. */
function player(signal = new AbortController().signal): Player {
  const ground = {
    running: false,
    fakeRoot: false,
    words: "",
    path: (path: string) => path,
    launch: (tool: string) => ({
      command: "/bin/sh",
      args: ["-c", tool],
      env: {},
      cwd: "/",
      [Symbol.dispose]: () => {},
    }),
  };
  return new Player(ground, new Narrator(), signal);
}

Deno.test("tool() throws when a tool ends otherwise than the story says", async () => {
  await player().tool("true", []);
  await player().tool("false", [], 1);
  await assert.rejects(player().tool("false", []), StoryError);
  await assert.rejects(player().tool("true", [], 6), /exit code 0, the story says 6/);
});

Deno.test("tool() starts nothing any more after Ctrl-C", async () => {
  await assert.rejects(player(AbortSignal.abort()).tool("true", []), Interrupted);
});

Deno.test("see() keeps what was seen, and throws for what was not", () => {
  const one = player();
  one.see(true, "it is so");
  assert.throws(() => one.see(false, "it is not"), StoryError);
  assert.deepEqual(one.seen, ["it is so"]);
});
