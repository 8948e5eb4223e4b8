import assert from "node:assert/strict";
import { awkwardRepository } from "./awkward_repository.ts";
import { gitEnvironment } from "./github/git_environment.ts";
import { GithubServer } from "./github/server.ts";
import { ownPort } from "./ports.ts";
import { Wan, type WanModel } from "./wan.ts";

const QUICK: WanModel = { roundTrip: 4, bandwidth: 400e6, setupRoundTrips: 2 };

/** A server that sends back what it gets. */
function echo(): { port: number; close: () => Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const open: Promise<unknown>[] = [];
    for await (const connection of listener) {
      open.push(connection.readable.pipeTo(connection.writable).catch((error) => error));
    }
    await Promise.all(open);
  })();
  return {
    port: listener.addr.port,
    close: () => {
      listener.close();
      return serving;
    },
  };
}

/** Sends bytes and ends the sending side; what comes back. */
async function exchange(port: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const sent = new Blob([bytes]).stream().pipeTo(connection.writable, { preventClose: true })
    .then(() => connection.closeWrite());
  const [answer] = await Promise.all([new Response(connection.readable).bytes(), sent]);
  return answer;
}

Deno.test("Wan carries the bytes of many connections in order, and counts them", async () => {
  const server = echo();
  const wan = new Wan(QUICK);
  try {
    const port = wan.forward(server.port);
    const messages = Array.from(
      { length: 12 },
      (_, index) => crypto.getRandomValues(new Uint8Array(60_000)).fill(index, 0, 100),
    );
    const answers = await Promise.all(messages.map((message) => exchange(port, message)));
    assert.deepEqual(answers, messages);
    assert.deepEqual(wan.traffic, { connections: 12, up: 12 * 60_000, down: 12 * 60_000 });
  } finally {
    await wan.close();
    await server.close();
  }
});

Deno.test("Wan gives a small answer its turn beside a large one", async () => {
  const server = echo();
  const wan = new Wan({ roundTrip: 4, bandwidth: 20e6, setupRoundTrips: 0 });
  try {
    const port = wan.forward(server.port);
    const order: string[] = [];
    await Promise.all([
      exchange(port, new Uint8Array(1_000_000)).then(() => order.push("large")),
      exchange(port, new Uint8Array(100)).then(() => order.push("small")),
    ]);
    assert.deepEqual(order, ["small", "large"]);
  } finally {
    await wan.close();
    await server.close();
  }
});

Deno.test("Wan lets a new connection wait while a kept one is answered", async () => {
  const server = echo();
  const wan = new Wan({ roundTrip: 20, bandwidth: 400e6, setupRoundTrips: 20 });
  try {
    const port = wan.forward(server.port);
    const kept = await Deno.connect({ hostname: "127.0.0.1", port });
    const ask = async () => {
      await kept.write(new Uint8Array([1]));
      await kept.read(new Uint8Array(1));
    };
    await ask();
    const order: string[] = [];
    await Promise.all([
      exchange(port, new Uint8Array([1])).then(() => order.push("new")),
      ask().then(() => order.push("kept")),
    ]);
    assert.deepEqual(order, ["kept", "new"]);
    kept.close();
  } finally {
    await wan.close();
    await server.close();
  }
});

Deno.test("Wan closes a connection when nobody listens, or the other side goes away", async () => {
  const server = echo();
  const wan = new Wan(QUICK);
  try {
    using unused = ownPort();
    const dead = wan.forward(unused.port);
    const refused = await exchange(dead, new Uint8Array(0)).catch(() => new Uint8Array(0));
    assert.equal(refused.length, 0);
    const port = wan.forward(server.port);
    const gone = await Deno.connect({ hostname: "127.0.0.1", port });
    await gone.write(new Uint8Array(50_000));
    gone.close();
    assert.deepEqual(await exchange(port, new Uint8Array([7])), new Uint8Array([7]));
  } finally {
    await wan.close();
    await server.close();
  }
});

Deno.test("Wan carries git, curl and redirects between hosts of the GitHub server", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { directory, second } = await awkwardRepository(`${folder}/n`);
    await using server = await GithubServer.start({
      repositories: [{ owner: "o", name: "n", directory }],
    });
    await using wan = new Wan(QUICK);
    for (const url of Object.values(server.apart)) {
      const port = Number(new URL(url).port);
      server.publish(port, wan.forward(port));
    }
    const clone = await new Deno.Command("git", {
      args: ["clone", "--quiet", "--depth", "1", `${server.apart.server}/o/n`, `${folder}/clone`],
      env: gitEnvironment,
    }).output();
    assert.ok(clone.success, new TextDecoder().decode(clone.stderr));
    wan.reset();
    const url = `${server.apart.server}/o/n/archive/${second}.tar.gz`;
    const { success, stdout } = await new Deno.Command("curl", { args: ["-sSfL", url] }).output();
    assert.ok(success);
    assert.equal(wan.traffic.connections, 2);
    assert.ok(wan.traffic.down > stdout.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
