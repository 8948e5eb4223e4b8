import assert from "node:assert/strict";
import { restore } from "./restore.ts";

Deno.test("restore() puts back what differs and leaves the inodes of the rest", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [base, work] = [`${folder}/base`, `${folder}/work`];
    await Deno.mkdir(`${base}/sub/deep`, { recursive: true });
    await Deno.writeTextFile(`${base}/same`, "same");
    await Deno.writeTextFile(`${base}/sub/changed`, "before");
    await Deno.writeTextFile(`${base}/sub/deep/gone`, "gone");
    await Deno.writeTextFile(`${base}/run`, "run", { mode: 0o755 });
    await Deno.symlink("same", `${base}/link`);
    const { success } = await new Deno.Command("cp", { args: ["-a", base, work] }).output();
    assert.ok(success);
    const kept = (await Deno.stat(`${work}/same`)).ino;
    await Deno.writeTextFile(`${work}/sub/changed`, "afterwards");
    await Deno.remove(`${work}/sub/deep`, { recursive: true });
    await Deno.writeTextFile(`${work}/sub/deep`, "a file now");
    await Deno.writeTextFile(`${work}/extra`, "extra");
    await Deno.chmod(`${work}/run`, 0o644);
    await Deno.remove(`${work}/link`);
    restore(base, work);
    const { code } = await new Deno.Command("diff", {
      args: ["-r", "--no-dereference", base, work],
    }).output();
    assert.equal(code, 0);
    assert.equal((await Deno.stat(`${work}/same`)).ino, kept);
    assert.equal((await Deno.stat(`${work}/run`)).mode! & 0o777, 0o755);
    assert.equal(await Deno.readLink(`${work}/link`), "same");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
