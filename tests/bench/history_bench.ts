import { historyOf } from "./history.ts";
import { benchNetwork, type NetworkBenchOptions, type Scenario } from "./network_bench.ts";
import { loopback, loopbackTls, networkKinds } from "./test_network.ts";

/** What is measured on a real history. */
export interface HistoryBenchOptions extends Pick<NetworkBenchOptions, "folder" | "say"> {
  /** Path or URL of a bare repository. */
  readonly source: string;
  /** Changed files that are looked for; the nearest there are get measured. */
  readonly changes: readonly (number | "install")[];
  /** Names of networks; `loopback` and `loopback-tls` are none. */
  readonly networks: readonly string[];
  readonly rounds: number;
  readonly tool: readonly string[];
  /** The empty program, compiled like the tool. */
  readonly empty: string;
}

/** Updates to the newest commit of a real history, and its first install, beside git and an empty program. */
export async function* benchHistory(
  options: HistoryBenchOptions,
): AsyncGenerator<Scenario, void, void> {
  const { source, changes, networks, folder } = options;
  const counts = changes.filter((change) => change !== "install");
  const { newest, updates } = await historyOf(source, `${folder}/history.git`, counts);
  const wanted = [
    ...(counts.includes(0) ? [{ repository: newest, change: 0 }] : []),
    ...[...updates].map(([change, repository]) => ({ repository, change })),
    ...(changes.includes("install") ? [{ repository: newest, change: "install" as const }] : []),
  ];
  const kinds = [loopback, loopbackTls, ...networkKinds];
  for (const network of kinds.filter(({ name }) => networks.includes(name))) {
    for (const { repository, change } of wanted) {
      const place = `${folder}/${network.name}-${change}`;
      yield* benchNetwork({
        ...{ repository, network, changes: [change], rounds: () => options.rounds },
        ...{ givenUp: new Map<string, string>(), gigetCli: undefined },
        ...{ tool: options.tool, empty: options.empty, say: options.say },
        folder: place,
      });
      // Trees of 50,000 files, of each peer and as they were, fill a file system in memory.
      await Deno.remove(place, { recursive: true });
    }
  }
}
