import { deepEqual } from "node:assert/strict";
import { alarm } from "../../lib/github/alarm.ts";

Deno.test("alarm() rings once, in the order of time, and not when it was called off", async () => {
  const rung: string[] = [];
  await new Promise<void>((resolve) => {
    alarm(40, () => rung.push("second"));
    alarm(1, () => rung.push("first"));
    alarm(20, () => rung.push("never"))[Symbol.dispose]();
    alarm(80, resolve);
  });
  deepEqual(rung, ["first", "second"]);
});

Deno.test("alarm() takes a time that no timer has, and lets the program end when it was called off", async () => {
  const module = JSON.stringify(new URL("../../lib/github/alarm.ts", import.meta.url));
  const script = `import { alarm } from ${module};
    alarm(1e300, () => console.log("rang"))[Symbol.dispose]();`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", `data:text/typescript,${encodeURIComponent(script)}`],
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  deepEqual([code, decode(stdout), decode(stderr)], [0, "", ""]);
});
